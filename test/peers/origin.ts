import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the origin says about a request it had. */
export interface Told {
  readonly method: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly headers: Readonly<Record<string, string>>;
}

const PIECE_BYTES = 64 * 1024;

/** A server at the end of all proxies: `/told` says what came, `/length/N` and `/chunked/N` send N bytes, `/status/N` is that status. */
export class Origin {
  readonly #server: Server;
  /** Requests whose head has come. */
  begun = 0;
  /** Requests whose client went away before they were whole. */
  aborted = 0;

  static async start(): Promise<Origin> {
    const origin = new Origin();
    origin.#server.listen(0, "127.0.0.1");
    await once(origin.#server, "listening");
    return origin;
  }

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.begun++;
    const [, what = "", n = "0"] = (request.url ?? "").split("/");
    request.on("error", () => {
      this.aborted++;
    });
    if (what === "told") tell(request, response);
    else if (what === "status") response.writeHead(Number(n), { ETag: '"a"' }).end();
    else {
      if (what === "length") response.setHeader("Content-Length", n);
      send(response, Number(n));
    }
  }
}

function tell(request: IncomingMessage, response: ServerResponse): void {
  const hash = createHash("sha256");
  let bytes = 0;
  request.on("data", (data: Buffer) => {
    hash.update(data);
    bytes += data.length;
  });
  request.on("end", () => {
    const { method, url: path, headers } = request;
    response.end(JSON.stringify({ method, path, bytes, sha256: hash.digest("hex"), headers }));
  });
}

/** Sends bytes as fast as they are taken. */
function send(response: ServerResponse, total: number): void {
  let sent = 0;
  const more = () => {
    while (sent < total) {
      const piece = bytesAt(sent, Math.min(PIECE_BYTES, total - sent));
      sent += piece.length;
      if (!response.write(piece)) return void response.once("drain", more);
    }
    response.end();
  };
  more();
}

/** Bytes that differ from place to place, so that what is lost or doubled shows. */
export function bytesAt(start: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i + 4 <= length; i += 4) bytes.writeUInt32BE((start + i) >>> 0, i);
  return bytes;
}

/** The hash of bytes, as `/told` says it. */
export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

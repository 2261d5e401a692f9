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

/** All that is ever sent begins as this does: it differs from place to place, so that what is lost or doubled shows. */
export const ALL_BYTES = Buffer.alloc(8 * 1024 * 1024);
for (let i = 0; i < ALL_BYTES.length; i += 4) ALL_BYTES.writeUInt32BE(i, i);

/**
 * A server at the end of all proxies: `/told` says what came, `/length/N` and `/chunked/N` send N bytes, `/status/N` is that status,
 * and `/cut/N` breaks off in the middle of N bytes.
 */
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
    const [, what = "", n = "0"] = (request.url ?? "").split(/[/?]/);
    request.on("error", () => {
      this.aborted++;
    });
    if (what === "told") tell(request, response);
    else if (what === "status") response.writeHead(Number(n), { ETag: '"a"' }).end();
    else if (what === "cut") {
      response.writeHead(200, { "Content-Length": n }).write(ALL_BYTES.subarray(0, Number(n) / 2), () => response.destroy());
    } else {
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
      const piece = ALL_BYTES.subarray(sent, Math.min(sent + PIECE_BYTES, total));
      sent += piece.length;
      if (!response.write(piece)) return void response.once("drain", more);
    }
    response.end();
  };
  more();
}

/** The hash of bytes, as `/told` says it. */
export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

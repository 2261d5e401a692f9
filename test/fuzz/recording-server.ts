import { once } from "node:events";
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import type { Server } from "../../src/model/service.ts";
import { type LlhttpMessage, loadLlhttp } from "./llhttp.ts";

/** A request as a server behind proxies has it. */
export interface Seen {
  readonly method: string;
  readonly target: string;
  /** Lower-case names with values. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
}

const HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
const llhttp = loadLlhttp();

/** A server that reads with llhttp, which is another reader of what proxies send; it answers everything, and remembers it. */
export class RecordingServer {
  /** Requests it has had whole, in order. */
  seen: Seen[] = [];
  /** What it could not read. */
  unreadable: string[] = [];
  readonly #server: NetServer;
  readonly #sockets = new Set<Socket>();

  static async start(): Promise<RecordingServer> {
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    const recording = new RecordingServer(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return recording;
  }

  private constructor(server: NetServer) {
    this.#server = server;
    server.on("connection", (socket) => this.#accept(socket));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get server(): Server {
    return { address: "127.0.0.1", port: this.port };
  }

  forget(): void {
    this.seen = [];
    this.unreadable = [];
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket): void {
    let bytes = Buffer.alloc(0);
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    socket.on("data", (data: Buffer) => {
      bytes = Buffer.concat([bytes, data]);
      while (bytes.length > 0 && socket.writable) {
        const request = readRequest(bytes);
        if (request === "incomplete") return;
        if (request === "refused") this.#refuse(socket, bytes);
        else this.#answer(socket, request);
        bytes = bytes.subarray(request === "refused" ? bytes.length : request.end);
      }
    });
  }

  #refuse(socket: Socket, bytes: Buffer): void {
    this.unreadable.push(bytes.toString("latin1"));
    socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  }

  #answer(socket: Socket, { method, target, fields, body, keepAlive }: Request): void {
    this.seen.push({ method, target, fields, body });
    socket.write(`${HEAD}${keepAlive ? "" : "Connection: close\r\n"}\r\n${method === "HEAD" ? "" : "ok"}`);
    if (!keepAlive) socket.end();
  }
}

interface Request extends LlhttpMessage {
  readonly method: string;
}

/** llhttp knows a fixed list of methods, and ends HTTP with CONNECT: to it, each of them is a PUT. */
function readRequest(bytes: Buffer): Request | "refused" | "incomplete" {
  const [line = "", method = ""]: readonly string[] =
    /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) /.exec(bytes.toString("latin1", 0, 100)) ?? [];
  if (line === "") return bytes.includes(" ") || bytes.includes("\n") ? "refused" : "incomplete";
  const message = llhttp.parseRequest(Buffer.concat([Buffer.from("PUT"), bytes.subarray(method.length)]));
  if (typeof message === "string") return message;
  const { target, status, fields, body, keepAlive } = message;
  return { method, target, status, fields, body, keepAlive, end: message.end + method.length - 3 };
}

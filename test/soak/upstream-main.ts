import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Duplex, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pieceOf, SOAK, webSocketAccept } from "./contract.ts";
import { noise } from "./noise.ts";

/**
 * The main of a server of the soak: `NAME PORT`. It answers what it is asked for, says what it got, and echoes what comes after an
 * upgrade. Told `drain` it ends when nothing has been under way for a while.
 */

const [name = "", port = "0"] = process.argv.slice(2);
/** Answers of more than one chunk are written in pieces of this size. */
const CHUNK_BYTES = 20_000;
const QUIET_MS = 300;
let underWay = 0;
let quietSinceMs = performance.now();

const server = createServer({ keepAliveTimeout: 600_000, requestTimeout: 0 }, (request, response) => {
  begun();
  response.once("close", ended);
  void answer(request, response).catch(() => response.destroy());
});
server.on("upgrade", echo);
server.on("clientError", (_, socket) => socket.destroy());
server.listen(Number(port), "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("message", () =>
  setInterval(() => underWay === 0 && performance.now() - quietSinceMs > QUIET_MS && process.exit(0), 20),
);
process.on("disconnect", () => process.exit(0));

function begun(): void {
  underWay++;
}

function ended(): void {
  underWay--;
  quietSinceMs = performance.now();
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const received = await read(request);
  const delayMs = Number(request.headers[SOAK.delay] ?? 0);
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  const reply = pieceOf(request.headers[SOAK.reply]);
  const isChunked = request.headers[SOAK.framing] === "chunked";
  for (const [field, value] of told(request, received)) response.setHeader(field, value);
  if (!isChunked) response.setHeader("content-length", reply.length);
  if (request.method === "HEAD") return void response.end();
  const body = noise(reply.offset, reply.length);
  await pipeline(Readable.from(isChunked ? cut(body) : [body]), response);
}

function* cut(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += CHUNK_BYTES) yield body.subarray(at, at + CHUNK_BYTES);
}

/** Length and hash of a request's body; rejects when the request breaks off. */
async function read(request: IncomingMessage): Promise<string> {
  const hash = createHash("sha256");
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    hash.update(piece);
    length += piece.length;
  }
  return `${length} ${hash.digest("hex")}`;
}

/** What the answer proves itself with. */
function told({ headers }: IncomingMessage, received: string): readonly (readonly [string, string])[] {
  const seen = (field: string): string => String(headers[field] ?? "");
  return [
    [SOAK.id, seen(SOAK.id)],
    [SOAK.server, name],
    [SOAK.edition, seen(SOAK.edition)],
    [SOAK.route, seen(SOAK.route)],
    [SOAK.from, seen("x-forwarded-for")],
    [SOAK.received, received],
  ];
}

function echo(request: IncomingMessage, socket: Duplex, head: Buffer): void {
  begun();
  socket.once("close", ended);
  socket.on("error", () => socket.destroy());
  const fields = told(request, "0 -").map(([field, value]) => `${field}: ${value}\r\n`);
  const accept = webSocketAccept(String(request.headers["sec-websocket-key"]));
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`,
  );
  socket.write(`${fields.join("")}\r\n`);
  socket.write(head);
  socket.pipe(socket);
}

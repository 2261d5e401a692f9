import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { PATHS, SMALL_BODY_BYTES } from "./workload.ts";

// The server behind every target, in a process of its own: it prints its port and serves until it is ended. It reads of a request what
// it must, so that it costs less than any proxy.

const FIELDS = [
  "Server: upstream",
  "Date: Sat, 21 Nov 2026 12:00:00 GMT",
  "Content-Type: application/json; charset=utf-8",
  "Cache-Control: private, max-age=0",
  'ETag: "6f1c0b7e5a9d4e2f"',
];
const SMALL = Buffer.from(answerHead(SMALL_BODY_BYTES) + "x".repeat(SMALL_BODY_BYTES));
const SMALL_REQUEST = Buffer.from(`GET ${PATHS.small} HTTP/1.1\r\n`);
const HEAD_END = Buffer.from("\r\n\r\n");
const PIECE = Buffer.alloc(256 * 1024, "b");
const WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function answerHead(bodyBytes: number): string {
  return ["HTTP/1.1 200 OK", ...FIELDS, `Content-Length: ${bodyBytes}`, "", ""].join("\r\n");
}

function serve(socket: Socket): void {
  let held: Buffer = Buffer.alloc(0);
  let bodyLeft = 0;
  socket.on("error", () => socket.destroy());
  socket.on("data", function take(bytes: Buffer) {
    if (bodyLeft > 0) {
      bodyLeft -= bytes.length;
      if (bodyLeft <= 0) socket.write(SMALL);
      return;
    }
    const all = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    const end = all.indexOf(HEAD_END);
    if (end < 0) {
      held = all;
      return;
    }
    held = Buffer.alloc(0);
    const isSmall = all.subarray(0, SMALL_REQUEST.length).equals(SMALL_REQUEST);
    if (isSmall) {
      socket.write(SMALL);
      return;
    }
    const head = all.toString("latin1", 0, end + HEAD_END.length);
    const path = head.split(" ", 2)[1] ?? "";
    if (head.startsWith("PUT ")) {
      bodyLeft = Number(/^content-length: *(\d+)/im.exec(head)?.[1]) - (all.length - end - HEAD_END.length);
      if (bodyLeft === 0) socket.write(SMALL);
    } else if (path === PATHS.echo) {
      socket.off("data", take);
      echo(socket, /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? "");
    } else answer(socket, path, head);
  });
}

function answer(socket: Socket, path: string, head: string): void {
  if (path === PATHS.seen) socket.write(answerHead(head.length) + head);
  else if (path.startsWith(PATHS.bytes)) sendBytes(socket, Number(path.slice(PATHS.bytes.length)));
  else socket.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

function sendBytes(socket: Socket, count: number): void {
  let left = count;
  socket.write(answerHead(count));
  const send = () => {
    while (left > 0) {
      const piece = left < PIECE.length ? PIECE.subarray(0, left) : PIECE;
      left -= piece.length;
      if (!socket.write(piece)) {
        if (left > 0) socket.once("drain", send);
        return;
      }
    }
  };
  send();
}

/** Unmasks what comes and sends it back, message by message (RFC 6455, section 5). For messages of up to 125 bytes that come whole. */
function echo(socket: Socket, key: string): void {
  const accept = createHash("sha1")
    .update(key + WEBSOCKET_GUID)
    .digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.on("data", (frame: Buffer) => {
    const length = (frame[1] as number) & 0x7f;
    const answer = Buffer.allocUnsafe(2 + length);
    answer[0] = frame[0] as number;
    answer[1] = length;
    for (let i = 0; i < length; i++) answer[2 + i] = (frame[6 + i] as number) ^ (frame[2 + (i & 3)] as number);
    socket.write(answer);
  });
}

/** Speaks HTTP/2 without TLS: what comes as gRPC goes back, message by message. */
const grpcServer = createHttp2Server();
grpcServer.on("stream", (stream: ServerHttp2Stream) => {
  stream.on("error", () => stream.destroy());
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.pipe(stream);
});
grpcServer.listen(0, "127.0.0.1", 4_096);
await once(grpcServer, "listening");

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

const server = createServer({ noDelay: true }, serve);
server.listen({ port: Number(process.argv[2] ?? 0), host: "127.0.0.1", backlog: 4_096 }, () => {
  process.stdout.write(`${JSON.stringify({ port: portOf(server), grpcPort: portOf(grpcServer) })}\n`);
});

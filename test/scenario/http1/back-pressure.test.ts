import { expect, test } from "vitest";
import { Upstream } from "./harness.ts";
import { clientOf, eventually, proxyFor } from "./set-up.ts";

const MEBIBYTE = 1 << 20;
/** What both sides' kernels may hold of a loopback connection, and what a connection may queue: far below what is sent. */
const HELD_MOST = 24 * MEBIBYTE;
const SENT = 96 * MEBIBYTE;

/** Writes `SENT` bytes as fast as it is let, and tells how many it got rid of. */
function pour(write: (bytes: Buffer) => boolean, onDrain: (listener: () => void) => void): () => number {
  const piece = Buffer.alloc(MEBIBYTE, "x");
  let poured = 0;
  const more = () => {
    while (poured < SENT) {
      poured += piece.length;
      if (!write(piece)) break;
    }
  };
  onDrain(more);
  more();
  return () => poured;
}

async function settled(count: () => number): Promise<number> {
  let before = -1;
  while (before !== count()) {
    before = count();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return before;
}

test("a client that reads slowly slows its server down, and gets everything in the end", async () => {
  let poured = () => 0;
  const upstream = await Upstream.start((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SENT}\r\n\r\n`);
    poured = pour(
      (bytes) => socket.write(bytes),
      (listener) => socket.on("drain", listener),
    );
  });
  const proxy = await proxyFor([upstream]);
  const client = await clientOf(proxy);
  client.socket.pause();
  client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await eventually(() => poured() > 0);
  expect(await settled(() => poured())).toBeLessThan(HELD_MOST);
  let got = 0;
  client.socket.removeAllListeners("data");
  client.socket.on("data", (data) => {
    got += data.length;
  });
  client.socket.resume();
  await eventually(() => got > SENT, 20_000);
});

test.each([
  ["of known length", "shared"],
  ["of known length", "fresh"],
  ["in chunks", "shared"],
] as const)("a server that reads slowly slows its client down: a body %s (reads: %s)", async (kind, readMode) => {
  const upstream = await Upstream.start(() => {});
  const proxy = await proxyFor([upstream], { readMode });
  const client = await clientOf(proxy);
  const isChunked = kind === "in chunks";
  client.send(
    `PUT / HTTP/1.1\r\nHost: a.test\r\n${isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${SENT}`}\r\n\r\n`,
  );
  await eventually(() => upstream.connections.length === 1 && upstream.received[0] !== "");
  const server = upstream.connections[0];
  server?.pause();
  const poured = pour(
    (bytes) => {
      if (isChunked) client.socket.write(`${bytes.length.toString(16)}\r\n`);
      const goesOn = client.socket.write(bytes);
      return isChunked ? client.socket.write("\r\n") && goesOn : goesOn;
    },
    (listener) => client.socket.on("drain", listener),
  );
  expect(await settled(poured)).toBeLessThan(HELD_MOST);
  let got = 0;
  server?.removeAllListeners("data");
  server?.on("data", (data) => {
    got += data.length;
  });
  server?.resume();
  await eventually(() => got >= SENT, 20_000);
});

test("memory stays bounded with many slow readers", async () => {
  const upstream = await Upstream.start((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SENT}\r\n\r\n`);
    pour(
      (bytes) => socket.write(bytes),
      (listener) => socket.on("drain", listener),
    );
  });
  const proxy = await proxyFor([upstream]);
  const clients = await Promise.all(Array.from({ length: 16 }, () => clientOf(proxy)));
  globalThis.gc?.();
  const before = process.memoryUsage().arrayBuffers;
  for (const client of clients) {
    client.socket.pause();
    client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  }
  await eventually(() => upstream.connections.length === clients.length);
  await settled(() => proxy.count("bytesOut"));
  // The upstream side's own buffers live in this process as well: 1 MiB pieces, one shared by each pour.
  const held = process.memoryUsage().arrayBuffers - before;
  expect(held).toBeLessThan(clients.length * 2 * MEBIBYTE);
});

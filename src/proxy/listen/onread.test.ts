import { once } from "node:events";
import { type AddressInfo, connect, createServer, Socket } from "node:net";
import { expect, test } from "vitest";
import { readInto } from "./onread.ts";

test("an accepted socket reads into the buffer it is given, on the Node we run on", async () => {
  const server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [socket] = (await once(server, "connection")) as [Socket];
  const bytes = Buffer.alloc(16);
  const { promise: text, resolve } = Promise.withResolvers<string>();
  const isDone = readInto(socket, {
    buffer: () => bytes,
    callback: (length, read) => {
      resolve(`${read === bytes} ${bytes.toString("latin1", 0, length)}`);
      return true;
    },
  });
  socket._read(0);
  client.write("hello");
  expect(isDone).toBe(true);
  expect(await text).toBe("true hello");
  for (const one of [client, socket]) one.destroy();
  server.close();
});

test("a socket that is gone is left as it is", () => {
  expect(readInto(new Socket(), { buffer: () => Buffer.alloc(1), callback: () => true })).toBe(false);
});

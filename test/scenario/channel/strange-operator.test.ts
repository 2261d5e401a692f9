import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Recorder, until } from "./world.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A port that speaks something else; answers it and how often somebody came. */
async function strangePort(greet: (socket: Socket) => void): Promise<{ readonly port: number; readonly visits: () => number }> {
  let visits = 0;
  const server = createServer((socket) => {
    visits++;
    socket.on("error", () => {});
    greet(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, visits: () => visits };
}

test.each<[what: string, greet: (socket: Socket) => void]>([
  [
    "answers in HTTP/1.1",
    (socket) => socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")),
  ],
  ["answers in HTTP/1.1 and stays", (socket) => socket.once("data", () => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"))],
  ["closes at once", (socket) => socket.destroy()],
  ["resets at the first byte", (socket) => socket.once("data", () => socket.resetAndDestroy())],
  [
    "says goodbye in HTTP/2",
    (socket) =>
      socket.once("data", () => socket.end(Buffer.from("000000040000000000" + "00000807000000000000000000" + "00000001", "hex"))),
  ],
])("a proxy whose operator's port %s is told so, lives, and tries again", async (_, greet) => {
  const { port, visits } = await strangePort(greet);
  const recorder = new Recorder(port);
  cleanups.push(() => recorder.client.stop());
  await until("it has tried some times", () => visits() > 4);
  expect(recorder.events).not.toContain("connected");
  expect(recorder.events.length).toBeGreaterThan(1);
});

import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { FixedRateLoad, type LoadReport } from "./fixed-rate-load.ts";

const GOOD = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Loads a server that answers its nth request with `answer(n)`; no answer closes the connection. */
async function loadServer(answer: (request: number) => string | null): Promise<LoadReport> {
  let requests = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("data", () => {
      const text = answer(requests++);
      if (text === null) socket.destroy();
      else socket.write(text);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const load = new FixedRateLoad({
    port: (server.address() as AddressInfo).port,
    connections: 4,
    requestsPerSecond: 500,
    nextQuestion: () => ({ host: "a", path: "/", judge: ({ body }) => (body === "ok" ? null : `got ${body}`) }),
  });
  await load.start();
  await sleep(300);
  const report = await load.stop();
  for (const socket of sockets) socket.destroy();
  server.close();
  return report;
}

test("a server that answers well leaves nothing to complain of, at the rate asked for", async () => {
  const report = await loadServer(() => GOOD);
  expect(report).toMatchObject({ failed: 0, misrouted: 0, closed: 0, examples: [] });
  expect(report.answered).toBeGreaterThan(100);
  expect(report.answered).toBeLessThan(260);
});

test.each<[what: string, bad: string | null, expected: Partial<LoadReport>]>([
  ["a wrong body", GOOD.replace("ok", "no"), { failed: 0, misrouted: 1, closed: 0 }],
  ["a closed connection", null, { failed: 1, misrouted: 0, closed: 1 }],
  ["an answer without length", "HTTP/1.1 200 OK\r\n\r\n", { failed: 1, misrouted: 0, closed: 1 }],
  ["an answer nobody asked for", GOOD + GOOD, { failed: 0, misrouted: 0, closed: 1 }],
])("%s is noticed", async (_, bad, expected) => {
  const report = await loadServer((request) => (request === 20 ? bad : GOOD));
  expect(report).toMatchObject(expected);
  expect(report.examples.length).toBeGreaterThan(0);
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { ANY, entryPoint, route, TestProxy } from "../scenario/http1/harness.ts";
import { readCorpus } from "./corpus.ts";
import { answersTo } from "./exchange-bytes.ts";
import { hunt, testTimeoutMs } from "./hunt.ts";
import { RecordingServer } from "./recording-server.ts";
import { connectionBytes, type OwnRequest, readConnection } from "./request-bytes.ts";

const SHARE = 0.15;

let server: RecordingServer;
let proxy: TestProxy;

beforeAll(async () => {
  server = await RecordingServer.start();
  proxy = await TestProxy.start({}, [entryPoint("web"), ...route("app", ANY, [server.server])]);
});

afterAll(async () => {
  await proxy.close();
  server.close();
});

/** Whether what the server has seen are some of `expected`, in the same order. */
function areAmong(found: RecordingServer["seen"], expected: readonly OwnRequest[]): boolean {
  let at = 0;
  return found.every(({ method, body }) => {
    while (at < expected.length && (expected[at]?.method !== method || expected[at]?.body !== body)) at++;
    return at++ < expected.length;
  });
}

/** Sends bytes, cut at one place, and holds what comes behind the proxy to what we read in them; answers how many requests came. */
async function sameBoundaries(bytes: Buffer, cut: number): Promise<number> {
  server.forget();
  const received = await answersTo(proxy.port(), bytes, cut);
  const { seen, unreadable } = server;
  expect({ seen, unreadable, areAmong: areAmong(seen, readConnection(bytes).requests) }).toEqual({
    seen,
    unreadable: [],
    areAmong: true,
  });
  expect(received.split("HTTP/1.1 200 OK\r\n").length - 1).toBeLessThanOrEqual(seen.length);
  return seen.length;
}

test(
  "whatever a client sends, in whatever pieces, the server behind sees no request that we did not, and no other body",
  async () => {
    const { runs, found } = await hunt(connectionBytes, SHARE, sameBoundaries);
    expect(found).toBeGreaterThan(runs / 4);
  },
  testTimeoutMs(SHARE),
);

test.each(readCorpus("requests"))("$title ($where)", async ({ bytes }) => {
  for (let cut = 0; cut < bytes.length; cut++) await sameBoundaries(bytes, cut);
});

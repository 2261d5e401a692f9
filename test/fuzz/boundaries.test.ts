import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ANY, entryPoint, route, TestProxy } from "../scenario/http1/harness.ts";
import { RawClient } from "../scenario/http1/raw-client.ts";
import { mutated, nearlyRight, type OwnRequest, ours } from "./request-bytes.ts";

/** Connections a run; more by `FUZZ_RUNS`, for a longer hunt. */
const RUNS = Math.ceil(Number(process.env.FUZZ_RUNS ?? 20_000) / 50);
/** Longer than anything takes but what is stuck. */
const STUCK_MS = 10_000;

let server: HttpServer;
let proxy: TestProxy;
/** Requests that the server behind the proxy has had whole, in order. */
let seen: { readonly method: string; readonly body: string }[] = [];

/** The server behind is Node's own, whose parser is llhttp: another reader of the same bytes. */
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.setEncoding("latin1");
    request.on("data", (text: string) => {
      body += text;
    });
    request.on("error", () => {});
    request.on("end", () => {
      seen.push({ method: request.method ?? "", body });
      response.end("ok");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  proxy = await TestProxy.start({}, [entryPoint("web"), ...route("app", ANY, [{ address: "127.0.0.1", port }])]);
});

afterAll(async () => {
  await proxy.close();
  server.closeAllConnections();
  server.close();
});

/** The requests in bytes that come one behind the other, as our parsers read them. */
function requestsIn(bytes: Buffer): readonly OwnRequest[] {
  const requests: OwnRequest[] = [];
  for (let at = 0; at < bytes.length; ) {
    const request = ours(bytes.subarray(at));
    if (request === null) break;
    requests.push(request);
    at += request.end;
  }
  return requests;
}

/** Whether `found` are some of `expected`, in the same order. */
function areAmong(found: typeof seen, expected: readonly OwnRequest[]): boolean {
  let at = 0;
  return found.every(({ method, body }) => {
    while (at < expected.length && (expected[at]?.method !== method || expected[at]?.body !== body)) at++;
    return at++ < expected.length;
  });
}

const message = fc.oneof({ weight: 4, arbitrary: nearlyRight }, { weight: 1, arbitrary: mutated });

test("whatever a client sends, in whatever pieces, the server behind sees no request that we did not, and no other body", async () => {
  let served = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 4 }), fc.nat(), async (messages, cut) => {
      seen = [];
      const bytes = Buffer.concat(messages);
      const client = await RawClient.connect(proxy.port());
      client.send(bytes.subarray(0, cut % bytes.length));
      await new Promise((resolve) => setImmediate(resolve));
      client.send(bytes.subarray(cut % bytes.length));
      client.socket.end();
      await client.untilEnd(STUCK_MS);
      client.close();
      expect({ seen, areAmong: areAmong(seen, requestsIn(bytes)) }).toEqual({ seen, areAmong: true });
      expect(client.received.split("HTTP/1.1 200 OK\r\n").length - 1).toBeLessThanOrEqual(seen.length);
      served += seen.length;
    }),
    { numRuns: RUNS },
  );
  expect(served).toBeGreaterThan(RUNS / 2);
}, 120_000);

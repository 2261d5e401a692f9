import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ANY, entryPoint, route, TestProxy, Upstream } from "./harness.ts";
import { RawClient } from "./raw-client.ts";

/** Requests as a client may send them back to back, with what their server must see as the body. */
const REQUESTS = [
  ["GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\n", ""],
  ["POST /2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 11\r\n\r\nhello world", "hello world"],
  [
    "POST /3 HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nT: u\r\n\r\n",
    "hello world",
  ],
  ["\r\nPUT /4 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n", ""],
  ["HEAD /5 HTTP/1.1\r\nHost: a.test\r\n\r\n", ""],
] as const;

let upstream: Upstream;
let proxy: TestProxy;
/** Where the server cuts its responses. */
let serverCuts: readonly number[] = [];

/** Answers each request with its path and body, cut where the test says. */
beforeAll(async () => {
  const used = new Map<number, number>();
  upstream = await Upstream.start(async (socket, received, connection) => {
    for (;;) {
      const request = takeRequest(received, used.get(connection) ?? 0);
      if (request === null) return;
      used.set(connection, request.end);
      const body = `${request.path}=${request.body}`;
      const isChunked = request.path === "/1" || request.path === "/3";
      const head = `HTTP/1.1 200 OK\r\nX-A: b\r\n${isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`}\r\n\r\n`;
      const content = isChunked
        ? `2\r\n${body.slice(0, 2)}\r\n${(body.length - 2).toString(16)}\r\n${body.slice(2)}\r\n0\r\n\r\n`
        : body;
      const answer = request.method === "HEAD" ? head : head + content;
      for (const piece of cut(answer, serverCuts)) {
        socket.write(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  });
  proxy = await TestProxy.start({}, [entryPoint("web"), ...route("app", ANY, [upstream.server])]);
});

afterAll(async () => {
  await proxy.close();
  upstream.close();
});

test("wherever client and server cut their bytes, each request gets its own answer", async () => {
  const cuts = fc.array(fc.nat({ max: 500 }), { maxLength: 12 });
  const order = fc.array(fc.nat({ max: REQUESTS.length - 1 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(order, cuts, cuts, async (indexes, clientCuts, answerCuts) => {
      serverCuts = answerCuts;
      const requests = indexes.map((index) => REQUESTS[index] as (typeof REQUESTS)[number]);
      const client = await RawClient.connect(proxy.port());
      try {
        for (const piece of cut(requests.map(([bytes]) => bytes).join(""), clientCuts)) {
          client.send(piece);
          await new Promise((resolve) => setImmediate(resolve));
        }
        for (const [bytes, body] of requests) {
          const [method = "", path] = bytes.trimStart().split(" ");
          const response = await client.response(method);
          expect(response.status).toBe(200);
          expect(response.headers["x-a"]).toBe("b");
          expect(response.body).toBe(method === "HEAD" ? "" : `${path}=${body}`);
        }
        expect(client.received).toBe("");
      } finally {
        client.close();
      }
    }),
    { numRuns: 150 },
  );
});

function cut(text: string, positions: readonly number[]): string[] {
  const sorted = [...new Set(positions)].filter((position) => position > 0 && position < text.length).sort((a, b) => a - b);
  return [...sorted, text.length].map((position, index) => text.slice(sorted[index - 1] ?? 0, position));
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly end: number;
}

/** Takes the request that begins at `start`, if it is whole. */
function takeRequest(received: string, start: number): Request | null {
  const headEnd = received.indexOf("\r\n\r\n", start) + 4;
  if (headEnd < 4) return null;
  const head = received.slice(start, headEnd);
  const [method = "", path = ""] = head.split(" ");
  if (/Transfer-Encoding: chunked/.test(head)) {
    // The last chunk, trailers, and the empty line.
    const last = /(?<=\n)0\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(received.slice(headEnd));
    if (last === null) return null;
    const end = headEnd + last.index;
    const body = received.slice(headEnd, end).replace(/[0-9a-f]+\r\n(.*?)\r\n/gs, "$1");
    return { method, path, body, end: end + last[0].length };
  }
  const length = Number(/Content-Length: (\d+)/.exec(head)?.[1] ?? 0);
  if (received.length < headEnd + length) return null;
  return { method, path, body: received.slice(headEnd, headEnd + length), end: headEnd + length };
}

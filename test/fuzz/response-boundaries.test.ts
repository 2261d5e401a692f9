import type { Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ANY, entryPoint, route, TestProxy, Upstream } from "../scenario/http1/harness.ts";
import { readCorpus } from "./corpus.ts";
import { answersTo } from "./exchange-bytes.ts";
import { hunt, testTimeoutMs } from "./hunt.ts";
import { loadLlhttp } from "./llhttp.ts";
import { type OwnResponse, readResponse, responseBytes } from "./response-bytes.ts";

const SHARE = 0.1;
/** Informational responses that pass before a final one (`INFORMATIONAL_MAX`). */
const INFORMATIONAL_MAX = 16;
const NEXT = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext";
const REQUESTS = Buffer.from("GET /odd HTTP/1.1\r\nHost: a.test\r\n\r\nGET /next HTTP/1.1\r\nHost: a.test\r\n\r\n");

const llhttp = loadLlhttp();
let server: Upstream;
let proxy: TestProxy;
/** What the server says to `/odd`, in two pieces; then it ends the connection. */
let odd: readonly [Uint8Array, Uint8Array];

async function sayOdd(socket: Socket): Promise<void> {
  const [first, second] = odd;
  socket.write(first);
  await new Promise((resolve) => setImmediate(resolve));
  socket.end(second);
}

beforeAll(async () => {
  server = await Upstream.start((socket, received) => {
    if (received.endsWith("\r\n\r\n"))
      received.includes("GET /next", received.lastIndexOf("GET ")) ? socket.write(NEXT) : sayOdd(socket);
  });
  proxy = await TestProxy.start({}, [entryPoint("web"), ...route("app", ANY, [server.server])]);
});

afterAll(async () => {
  await proxy.close();
  server.close();
});

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The final response in what the server said, as our parsers read it; null when there is none that is whole. */
function meant(bytes: Uint8Array): Answer | null {
  let response: OwnResponse | "malformed" | "incomplete" = "incomplete";
  let at = 0;
  for (let seen = 0; seen <= INFORMATIONAL_MAX; seen++) {
    response = readResponse(bytes.subarray(at), "GET");
    if (typeof response === "string" || response.status === 101) return null;
    if (response.status >= 200) return { status: response.status, body: response.body };
    at += response.end;
  }
  return null;
}

/** The final responses that a client found, as llhttp reads them, to the first that is not whole. */
function heard(received: string): readonly Answer[] {
  const answers: Answer[] = [];
  for (let rest = Buffer.from(received, "latin1"); rest.length > 0; ) {
    const response = llhttp.parseResponse(rest, "GET");
    if (typeof response === "string") break;
    if (response.status >= 200) answers.push({ status: response.status, body: response.body });
    rest = rest.subarray(response.end);
  }
  return answers;
}

/** What a client must have heard: the answer as it was meant and the next one; or that there was none, with the next one or without. */
async function nobodyIsFooled(bytes: Uint8Array, cut: number): Promise<number> {
  odd = [bytes.subarray(0, cut), bytes.subarray(cut)];
  const answers = heard(await answersTo(proxy.port(), REQUESTS, 0));
  const wanted = meant(bytes);
  const next = { status: 200, body: "next" };
  const none = { status: 502, body: "502 bad gateway\n" };
  expect(wanted === null ? [[], [none, next]] : [[wanted, next]]).toContainEqual(answers);
  return wanted === null ? 0 : 1;
}

test(
  "whatever a server says, in whatever pieces, a client hears what was meant or that there is nothing, and then its next answer",
  async () => {
    const { runs, found } = await hunt(responseBytes, SHARE, nobodyIsFooled);
    expect(found).toBeGreaterThan(runs / 10);
  },
  testTimeoutMs(SHARE),
);

test.each(readCorpus("responses"))("$title ($where)", async ({ bytes }) => {
  for (let cut = 0; cut < bytes.length; cut++) await nobodyIsFooled(bytes, cut);
});

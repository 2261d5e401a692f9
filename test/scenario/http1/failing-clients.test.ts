import { test } from "vitest";
import {
  asks,
  type Case,
  type Client,
  GET,
  good,
  large,
  POST,
  play,
  reset,
  type Server,
  SHORT_MS,
  silent,
} from "./failing-peers.ts";
import type { RawClient } from "./raw-client.ts";
import { eventually } from "./set-up.ts";

const CHUNKED = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n";
const UPGRADE = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const AGREED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const BAD = "GET /%zz HTTP/1.1\r\nHost: a.test\r\n\r\n";
const EARLY: Server = (socket, received) =>
  received.endsWith("\r\n\r\n") && socket.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
const agrees: Server = (socket, received) => received.endsWith("\r\n\r\n") && socket.write(AGREED);

/** Waits longer than any timeout here. */
const waits = () => new Promise<void>((resolve) => setTimeout(resolve, 3 * SHORT_MS));

/** Sends the pieces, one whenever the server has had the one before it, and leaves. */
const sends =
  (pieces: readonly string[], how: (client: RawClient) => unknown): Client =>
  async (client, upstream) => {
    for (const piece of pieces) {
      const before = upstream.received.join("").length;
      client.send(piece);
      await eventually(() => upstream.received.join("").length > before);
    }
    await how(client);
  };

/** Is answered once, then goes on. */
const answered =
  (then: (client: RawClient) => unknown): Client =>
  async (client) => {
    client.send(GET);
    await client.untilText("ok");
    await then(client);
  };

const resets = (client: RawClient) => reset(client.socket);
const ends = (client: RawClient) => client.socket.end();
const SERVED = { status: 200, failure: "" };

/** By the stage that a connection has come to. */
const CASES: Readonly<Record<string, Case>> = {
  "resets in the middle of its head": {
    server: good,
    client: (client) => {
      client.send("GET / HT");
      resets(client);
    },
    line: null,
  },
  "ends between two requests": { server: good, client: answered(ends), line: SERVED },
  "resets between two requests": { server: good, client: answered(resets), line: SERVED },
  "says no more after an answer": {
    server: good,
    client: answered((client) => client.untilEnd()),
    line: SERVED,
  },
  "ends in the middle of its second head": {
    server: good,
    client: answered((client) => {
      client.send("GET / HTTP/1.1\r\nHo");
      ends(client);
    }),
    line: SERVED,
  },
  "stalls in the middle of its second head": {
    server: good,
    client: answered(async (client) => {
      client.send("GET / HTTP/1.1\r\nHo");
      await client.untilEnd();
    }),
    line: SERVED,
    more: [{ status: 408, failure: "HeadTimeout" }],
  },
  "begins as HTTP/2 does, and says no more": {
    server: good,
    client: async (client) => {
      client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
      await client.untilEnd();
    },
    line: null,
  },
  "ends in the middle of how HTTP/2 begins": {
    server: good,
    client: async (client) => {
      client.send("PRI * HTTP/2.0\r\n\r\n");
      ends(client);
      await client.untilEnd();
    },
    line: null,
  },
  "resets in the middle of how HTTP/2 begins": {
    server: good,
    client: (client) => {
      client.send("PRI * HTTP/2.0\r\n\r\n");
      resets(client);
    },
    line: null,
  },
  "drips its body, and comes to its end": {
    server: good,
    client: async (client) => {
      client.send(POST);
      for (const digit of "0123456789") {
        client.send(digit);
        await new Promise((resolve) => setTimeout(resolve, SHORT_MS / 5));
      }
      await client.untilText("ok");
    },
    line: SERVED,
  },
  "resets in the middle of a chunk": {
    server: silent,
    client: sends([`${CHUNKED}5\r\nab`], resets),
    line: { status: 499, failure: "ClientGone" },
  },
  "ends behind a chunk that is not the last": {
    server: silent,
    client: sends([`${CHUNKED}2\r\nab\r\n`], ends),
    line: { status: 499, failure: "ClientGone" },
  },
  "stalls in the middle of a chunk": {
    server: silent,
    client: asks(`${CHUNKED}5\r\nab`),
    line: { status: 408, failure: "BodyTimeout" },
  },
  "stalls in the middle of a chunk's size": {
    server: silent,
    client: asks(`${CHUNKED}2\r\nab\r\n1`),
    line: { status: 408, failure: "BodyTimeout" },
  },
  "stalls in the middle of its trailers": {
    server: silent,
    client: asks(`${CHUNKED}0\r\nX: `),
    line: { status: 408, failure: "BodyTimeout" },
  },
  "asks whether to send its body, and does not": {
    server: silent,
    client: asks(POST.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n")),
    line: { status: 504, failure: "UpstreamTimeout" },
  },
  "is told to send its body, and does not": {
    server: (socket, received) => received.endsWith("\r\n\r\n") && socket.write("HTTP/1.1 100 Continue\r\n\r\n"),
    client: async (client) => {
      client.send(POST.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n"));
      await client.untilEnd();
    },
    line: { status: 408, failure: "BodyTimeout" },
  },
  "resets while its unwanted body is thrown away": {
    server: EARLY,
    client: async (client) => {
      client.send(CHUNKED);
      await client.untilText("no");
      client.send("5\r\nab");
      resets(client);
    },
    line: { status: 413, failure: "" },
  },
  "stalls while its unwanted body is thrown away": {
    server: EARLY,
    client: async (client) => {
      client.send(CHUNKED);
      await client.untilText("no");
      client.send("5\r\nab");
      await client.untilEnd();
    },
    line: { status: 413, failure: "" },
  },
  "floods with a body that nobody wants": {
    server: EARLY,
    client: async (client) => {
      client.send(CHUNKED);
      await client.untilText("no");
      client.send(`80000\r\n${"x".repeat(0x80000)}\r\n0\r\n\r\n`);
      await client.untilEnd();
    },
    line: { status: 413, failure: "" },
  },
  // With requests waiting it is not read, so that its end is noticed when it is answered.
  "resets with requests behind the one in hand": {
    server: silent,
    client: sends([`${GET}${GET}${GET}`], resets),
    line: { status: 504, failure: "UpstreamTimeout" },
  },
  "reads nothing of its answer": {
    server: large,
    client: async (client) => {
      client.socket.pause();
      client.send(GET);
      await waits();
    },
    line: { status: 200, failure: "ClientGone" },
  },
  "stays when it has been told that this is the end": {
    server: good,
    client: async (client) => {
      client.send(BAD);
      await client.untilEnd();
      await waits();
    },
    line: { status: 400, failure: "BadPath" },
  },
  "goes on talking when it has been told that this is the end": {
    server: good,
    client: async (client) => {
      client.send(BAD);
      const talk = setInterval(() => client.send(GET), 10);
      await client.until(() => client.isClosed);
      clearInterval(talk);
    },
    line: { status: 400, failure: "BadPath" },
  },
  "resets a tunnel": {
    server: agrees,
    client: async (client) => {
      client.send(UPGRADE);
      await client.untilText("\r\n\r\n");
      resets(client);
    },
    line: { status: 101, failure: "" },
  },
  "resets before its tunnel is agreed on": {
    server: silent,
    client: sends([UPGRADE], resets),
    line: { status: 499, failure: "ClientGone" },
  },
  "reads nothing of a tunnel": {
    server: (socket, received) => {
      if (received.endsWith("\r\n\r\n")) socket.write(Buffer.concat([Buffer.from(AGREED), Buffer.alloc(30_000_000)]));
    },
    client: async (client) => {
      client.send(UPGRADE);
      await client.untilText("\r\n\r\n");
      client.socket.pause();
      await waits();
      resets(client);
    },
    line: { status: 101, failure: "" },
  },
};

test.each(Object.entries(CASES))("a client that %s: the right line, once, and nothing is left behind", (_, each) => play(each));

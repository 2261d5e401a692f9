import type { Socket } from "node:net";
import { test } from "vitest";
import { asks, type Case, type Client, GET, good, OK, POST, play, reset, type Server, SHORT_MS } from "./failing-peers.ts";

const UPGRADE = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const AGREED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
/** More than two kernels and a proxy keep between them. */
const LARGE_BODY = Buffer.alloc(40_000_000);

const SERVED = { status: 200, failure: "" };
const ABORTED = { status: 200, failure: "UpstreamAborted" };
const BROKEN = { status: 200, failure: "UpstreamMalformed" };
const CLOSED = { status: 502, failure: "UpstreamClosed" };
const MALFORMED = { status: 502, failure: "UpstreamMalformed" };
const TIMED_OUT = { status: 504, failure: "UpstreamTimeout" };

const says =
  (text: string, then: (socket: Socket) => unknown = () => {}): Server =>
  (socket) => {
    socket.write(Buffer.from(text, "latin1"));
    setTimeout(() => then(socket), 20);
  };
const ends = (socket: Socket) => socket.end();

const asksToTheEnd: Client = async (client) => {
  client.send(GET);
  await client.until(() => client.hasEnded || client.isClosed);
};

/** Asks, is answered, and asks once more when the server has done what it does after its answer. */
const asksTwice =
  (second: string): Client =>
  async (client) => {
    client.send(GET);
    await client.untilText("ok");
    await new Promise((resolve) => setTimeout(resolve, 60));
    client.received = "";
    client.send(second);
    await client.untilText("ok");
  };

const sendsLarge: Client = async (client) => {
  client.send(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${LARGE_BODY.length}\r\n\r\n`);
  client.send(LARGE_BODY);
  await client.until(() => client.hasEnded || client.isClosed, 10_000);
};

/** Asks for a tunnel, and waits for its end. */
const tunnels: Client = async (client) => {
  client.send(UPGRADE);
  await client.until(() => client.hasEnded || client.isClosed);
};

/** By the stage that a connection has come to. */
const CASES: Readonly<Record<string, Case>> = {
  "does not listen": { server: good, isRefused: true, client: asks(GET), line: { status: 502, failure: "ConnectRefused" } },
  "resets in the middle of its head": { server: says("HTTP/1.1 20", reset), client: asks(GET), line: MALFORMED },
  "hangs in the middle of its head": { server: says("HTTP/1.1 200 OK\r\nX: "), client: asks(GET), line: TIMED_OUT },
  "ends behind its head": { server: says(HEAD, ends), client: asksToTheEnd, line: ABORTED },
  "resets behind its head": { server: says(HEAD, reset), client: asksToTheEnd, line: ABORTED },
  "hangs behind its head": { server: says(HEAD), client: asksToTheEnd, line: { status: 200, failure: "UpstreamTimeout" } },
  "ends between chunks": { server: says(`${CHUNKED}4\r\nhalf\r\n`, ends), client: asksToTheEnd, line: ABORTED },
  "ends in the middle of a chunk's size": { server: says(`${CHUNKED}4\r\nhalf\r\n1`, ends), client: asksToTheEnd, line: ABORTED },
  "ends behind its last chunk, and before the end of the body": {
    server: says(`${CHUNKED}4\r\nhalf\r\n0\r\n`, ends),
    client: asksToTheEnd,
    line: ABORTED,
  },
  "breaks its chunks": { server: says(`${CHUNKED}4\r\nhalf\r\nzz\r\n`), client: asksToTheEnd, line: BROKEN },
  "sends chunks longer than it said": { server: says(`${CHUNKED}2\r\nhalf\r\n0\r\n\r\n`), client: asksToTheEnd, line: BROKEN },
  "resets a body that ends with the connection": {
    server: says("HTTP/1.1 200 OK\r\n\r\nhalf", reset),
    client: asksToTheEnd,
    line: ABORTED,
  },
  "drips its body, and comes to its end": {
    server: (socket) => {
      socket.write(HEAD);
      let sent = 0;
      const drip = setInterval(() => {
        socket.write("x");
        if (++sent === 10) clearInterval(drip);
      }, SHORT_MS / 5);
    },
    client: async (client) => {
      client.send(GET);
      await client.untilText("x".repeat(10));
    },
    line: SERVED,
  },
  "has nothing but informational responses to say": {
    server: says("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(30)),
    client: async (client) => {
      client.send(GET);
      await client.untilText("HTTP/1.1 502");
    },
    line: MALFORMED,
  },
  "hangs behind an informational response": {
    server: says("HTTP/1.1 103 Early Hints\r\n\r\n"),
    client: async (client) => {
      client.send(GET);
      await client.untilText("HTTP/1.1 504");
    },
    line: TIMED_OUT,
  },
  "ends behind an informational response": {
    server: says("HTTP/1.1 103 Early Hints\r\n\r\n", ends),
    client: async (client) => {
      client.send(GET);
      await client.untilText("HTTP/1.1 502");
    },
    line: MALFORMED,
  },
  "sends a head beyond the limit": {
    server: says(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}\r\n\r\n`),
    client: asks(GET),
    line: MALFORMED,
  },
  "sends too many fields": {
    server: says(`HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(101)}\r\n`),
    client: asks(GET),
    line: MALFORMED,
  },
  "sends a head of nothing but zeros": { server: says("\0".repeat(1_000)), client: asks(GET), line: MALFORMED },
  "tells two lengths": {
    server: says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!"),
    client: asks(GET),
    line: MALFORMED,
  },
  "sends a body with 204": {
    server: says("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok"),
    client: asks(GET),
    line: { status: 204, failure: "" },
  },
  "sends a body with the answer to HEAD": { server: says(OK), client: asks(GET.replace("GET", "HEAD")), line: SERVED },
  "ends behind its answer, without having said so": {
    server: (socket, received) => {
      good(socket, received);
      setTimeout(() => socket.end(), 20);
    },
    client: asksTwice(GET),
    line: SERVED,
    more: [SERVED],
  },
  "resets behind its answer, and is asked what cannot be asked twice": {
    server: (socket, received) => {
      good(socket, received);
      setTimeout(() => reset(socket), 20);
    },
    client: asksTwice(`${POST}0123456789`),
    line: SERVED,
    more: [SERVED],
  },
  "talks on when it has answered": {
    server: (socket, received) => {
      if (!received.endsWith("\r\n\r\n")) return;
      socket.write(OK);
      setTimeout(() => socket.write(OK.replace("ok", "no")), 20);
    },
    client: asksTwice(GET),
    line: SERVED,
    more: [SERVED],
  },
  "takes nothing of a large body": { server: (socket) => socket.pause(), client: sendsLarge, line: TIMED_OUT },
  "resets in the middle of a large body": { server: (socket) => reset(socket), client: sendsLarge, line: CLOSED },
  "ends in the middle of a large body": { server: ends, client: sendsLarge, line: CLOSED },
  "ends a tunnel as soon as it is agreed on": { server: says(AGREED, ends), client: tunnels, line: { status: 101, failure: "" } },
  "resets a tunnel": { server: says(`${AGREED}hello`, reset), client: tunnels, line: { status: 101, failure: "" } },
  "hangs in the middle of its agreement to a tunnel": {
    server: says("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgr"),
    client: tunnels,
    line: TIMED_OUT,
  },
};

test.each(Object.entries(CASES))("a server that %s: the right line, once, and nothing is left behind", (_, each) => play(each));

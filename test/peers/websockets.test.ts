import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type Chain, startChain } from "./chain.ts";
import { ALL_BYTES } from "./origin.ts";
import { isMissing } from "./program.ts";

const LARGE = ALL_BYTES.subarray(0, 4 * 1024 * 1024);

const CHAINS = [
  { title: "us alone", names: ["fairway"], needs: [] },
  { title: "nginx, then us", names: ["nginx", "fairway"], needs: ["nginx"] },
  { title: "us, then nginx", names: ["fairway", "nginx"], needs: ["nginx"] },
  { title: "haproxy, then us", names: ["haproxy", "fairway"], needs: ["haproxy"] },
  { title: "us, then haproxy", names: ["fairway", "haproxy"], needs: ["haproxy"] },
  { title: "caddy, then us", names: ["caddy", "fairway"], needs: ["caddy"] },
  { title: "us, then caddy", names: ["fairway", "caddy"], needs: ["caddy"] },
] as const;

describe.each(CHAINS)("websockets through $title", ({ names, needs }) => {
  describe.skipIf(isMissing(...needs))("work:", () => {
    let server: WebSocketServer;
    let chain: Chain;
    /** How the last connection that the server closed, or saw closed, ended. */
    let closed: { readonly code: number; readonly reason: string } | null = null;

    beforeAll(async () => {
      server = new WebSocketServer({
        port: 0,
        host: "127.0.0.1",
        handleProtocols: (protocols) => (protocols.has("chat") ? "chat" : false),
        verifyClient: ({ req }, done) => done(req.url !== "/refused", 401, "no", { "X-Why": "not you" }),
      });
      await once(server, "listening");
      server.on("connection", (socket, request) => {
        socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
        socket.on("close", (code, reason) => {
          closed = { code, reason: reason.toString() };
        });
        socket.on("error", () => {});
        if (request.url === "/greets") socket.send("hello");
        if (request.url === "/closes") socket.close(4001, "enough");
        if (request.url === "/dies") socket.terminate();
      });
      chain = await startChain(names, (server.address() as AddressInfo).port);
    });

    afterAll(async () => {
      for (const socket of server.clients) socket.terminate();
      server.close();
      await chain.stop();
    });

    function open(path = "/", protocols: string[] = []): WebSocket {
      return new WebSocket(`ws://127.0.0.1:${chain.port}${path}`, protocols);
    }

    async function ends(socket: WebSocket): Promise<readonly [number, string]> {
      const [code, reason] = (await once(socket, "close")) as [number, Buffer];
      return [code, reason.toString()];
    }

    test("text and bytes come back as they went", async () => {
      const socket = open();
      await once(socket, "open");
      for (const message of ["", "grüße", Buffer.from([0, 255, 1])]) {
        socket.send(message);
        const [data, isBinary] = (await once(socket, "message")) as [Buffer, boolean];
        expect([data, isBinary]).toEqual([Buffer.from(message), typeof message !== "string"]);
      }
      socket.close();
      await once(socket, "close");
    });

    test("what the server says with its 101 is not lost, nor what the client says at once", async () => {
      const socket = open("/greets");
      const messages: string[] = [];
      socket.on("open", () => socket.send("me too"));
      socket.on("message", (data) => messages.push(data.toString()));
      await expect.poll(() => messages).toEqual(["hello", "me too"]);
      socket.close();
      await once(socket, "close");
    });

    test("a message in fragments, with a ping between them, is one message", async () => {
      const socket = open();
      await once(socket, "open");
      const pong = once(socket, "pong");
      socket.send("one ", { fin: false });
      socket.ping("still there?");
      socket.send("two ", { fin: false });
      socket.send("three", { fin: true });
      const [data] = (await once(socket, "message")) as [Buffer];
      expect([data.toString(), String((await pong)[0])]).toEqual(["one two three", "still there?"]);
      socket.close();
      await once(socket, "close");
    });

    test("large messages, several under way at once, come back whole and in order", async () => {
      const socket = open();
      await once(socket, "open");
      const got: Buffer[] = [];
      socket.on("message", (data) => got.push(data as Buffer));
      for (let i = 0; i < 3; i++) socket.send(LARGE);
      socket.send("last");
      await expect.poll(() => got.length, { timeout: 20_000 }).toBe(4);
      expect(got.map((data) => data.equals(LARGE))).toEqual([true, true, true, false]);
      socket.close();
      await once(socket, "close");
    });

    test("the client's close code and reason reach the server, and its answer the client", async () => {
      closed = null;
      const socket = open();
      await once(socket, "open");
      socket.close(4123, "seen it all");
      expect(await ends(socket)).toEqual([4123, "seen it all"]);
      await expect.poll(() => closed).toEqual({ code: 4123, reason: "seen it all" });
    });

    test("the server's close code and reason reach the client", async () => {
      expect(await ends(open("/closes"))).toEqual([4001, "enough"]);
    });

    test("a connection that breaks is broken for the other side, too", async () => {
      expect(await ends(open("/dies"))).toEqual([1006, ""]);
      closed = null;
      const socket = open();
      await once(socket, "open");
      socket.terminate();
      await expect.poll(() => closed).toEqual({ code: 1006, reason: "" });
    });

    test("a protocol is agreed on", async () => {
      const socket = open("/", ["other", "chat"]);
      await once(socket, "open");
      expect(socket.protocol).toBe("chat");
      socket.close();
      await once(socket, "close");
    });

    test("a handshake that the server refuses is an answer like any other", async () => {
      const socket = open("/refused");
      socket.on("error", () => {});
      const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
      expect([response.statusCode, response.headers["x-why"]]).toEqual([401, "not you"]);
      response.resume();
      socket.terminate();
    });
  });
});

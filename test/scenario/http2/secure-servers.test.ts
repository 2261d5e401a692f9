import { createSecureServer, type ServerHttp2Session } from "node:http2";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { RawClient } from "../http1/raw-client.ts";
import { afterTest, eventually } from "../http1/set-up.ts";
import { TestAuthority } from "../tls/authority.ts";
import { serviceOf, TlsWorld } from "../tls/tls-world.ts";

const authority = await TestAuthority.make("ours");

/** A server that offers what it is told to, and notes what is chosen. */
async function serverOffering(
  ALPNProtocols: readonly string[],
): Promise<{ readonly port: number; readonly spoken: string[]; readonly connections: TLSSocket[] }> {
  const { chainPem: cert, keyPem: key } = await authority.issue("server", { usage: "server", names: ["server.test"] });
  const options = { cert, key, ALPNProtocols: [...ALPNProtocols], allowHTTP1: true };
  const server = ALPNProtocols.includes("h2") ? createSecureServer(options) : createServer(options);
  const spoken: string[] = [];
  const connections: TLSSocket[] = [];
  const sessions: ServerHttp2Session[] = [];
  server.on("secureConnection", (socket) => connections.push(socket));
  server.on("session", (session) => sessions.push(session));
  server.on("tlsClientError", () => {});
  server.on("request", (request, response) => {
    spoken.push(`${request.httpVersion} ${request.headers[":scheme"] ?? ""}`.trim());
    response.end("ok");
  });
  server.on("upgrade", (request, socket) => {
    spoken.push(`${request.httpVersion} upgrade`);
    socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterTest(() => {
    server.close();
    for (const one of [...sessions, ...connections]) one.destroy();
  });
  return { port: (server.address() as AddressInfo).port, spoken, connections };
}

function worldTo(port: number, spec: object): Promise<TlsWorld> {
  const [apiVersion, namespace] = ["fairway.dev/v1alpha1", "test"];
  const services = [{ name: "server", port: 80, scheme: "https", serversTransport: "special" }];
  return TlsWorld.start([
    ...serviceOf("server", port),
    {
      apiVersion,
      kind: "IngressRoute",
      metadata: { name: "app", namespace },
      spec: { routes: [{ match: "Host(`a.test`)", services }] },
    },
    { apiVersion, kind: "ServersTransport", metadata: { name: "special", namespace }, spec },
  ]);
}

const LAX = { insecureSkipVerify: true };

test.for([
  [["h2", "http/1.1"], {}, "2.0 https"],
  [["http/1.1"], {}, "1.1"],
  [["h2", "http/1.1"], { disableHTTP2: true }, "1.1"],
] as const)("a server that offers %j, by a transport of %j, is spoken to in HTTP/%s", async ([offered, more, expected]) => {
  const server = await serverOffering(offered);
  const world = await worldTo(server.port, { ...LAX, ...more });
  expect(world.problems()).toEqual([]);
  for (let i = 0; i < 3; i++) expect(await world.get("a.test")).toBe(200);
  expect(server.spoken).toEqual([expected, expected, expected]);
  expect(server.connections).toHaveLength(1);
});

test("a server that is not who it should be is asked nothing, whatever it offers", async () => {
  const server = await serverOffering(["h2", "http/1.1"]);
  const world = await worldTo(server.port, { serverName: "server.test" });
  expect(await world.get("a.test")).toBe(502);
  expect(server.spoken).toEqual([]);
});

test("a tunnel is asked for in HTTP/1.1, of a server that offers more, too", async () => {
  const server = await serverOffering(["h2", "http/1.1"]);
  const world = await worldTo(server.port, LAX);
  expect(await world.get("a.test")).toBe(200);
  const client = await RawClient.secure(world.proxy.port("secure"), { servername: "a.test" });
  afterTest(() => client.close());
  const upgrade =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";
  client.send(Buffer.from(`GET / HTTP/1.1\r\nHost: a.test\r\n${upgrade}\r\n\r\n`));
  await eventually(() => client.received.includes("\r\n\r\n"));
  expect(client.received).toMatch(/^HTTP\/1\.1 101 /);
  expect(server.spoken).toEqual(["2.0 https", "1.1 upgrade"]);
});

test("an HTTP/2 server that goes away is connected to anew", async () => {
  const server = await serverOffering(["h2"]);
  const world = await worldTo(server.port, LAX);
  expect(await world.get("a.test")).toBe(200);
  for (const socket of server.connections) socket.destroy();
  await eventually(() => server.connections.every((socket) => socket.destroyed));
  expect(await world.get("a.test")).toBe(200);
  expect(server.connections).toHaveLength(2);
});

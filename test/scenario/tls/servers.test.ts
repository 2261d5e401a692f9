import { createServer, type Server, type TLSSocket, type TlsOptions } from "node:tls";
import { expect, test } from "vitest";
import { afterTest } from "../http1/set-up.ts";
import { type LeafWish, TestAuthority } from "./authority.ts";
import { authoritySecret, serviceOf, TlsWorld, tlsSecret } from "./tls-world.ts";

const ours = await TestAuthority.make("ours");
const others = await TestAuthority.make("others");

/** A server that speaks TLS, and what its clients showed of themselves. */
class SecureServer {
  readonly clients: { readonly name: string | false | null; readonly subject: unknown; readonly isResumed: boolean }[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(authority: TestAuthority, wish: LeafWish, options: TlsOptions = {}): Promise<SecureServer> {
    const { chainPem: cert, keyPem: key } = await authority.issue("server", { usage: "server", ...wish });
    const server = createServer({ cert, key, ALPNProtocols: ["http/1.1"], ...options });
    const made = new SecureServer(server);
    const sockets = new Set<TLSSocket>();
    server.on("secureConnection", (socket) => {
      sockets.add(socket);
      const { servername = null } = socket as { servername?: string | false };
      made.clients.push({
        name: servername,
        subject: socket.getPeerCertificate().subject?.CN,
        isResumed: socket.isSessionReused(),
      });
      socket.on("error", () => {});
      socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    });
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    afterTest(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return made;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }
}

const transport = (spec: object) => ({
  apiVersion: "fairway.dev/v1alpha1",
  kind: "ServersTransport",
  metadata: { name: "special", namespace: "test" },
  spec,
});

const route = (service: object) => ({
  apiVersion: "fairway.dev/v1alpha1",
  kind: "IngressRoute",
  metadata: { name: "app", namespace: "test" },
  spec: { routes: [{ match: "Host(`a.test`)", services: [{ name: "server", port: 80, ...service }] }] },
});

/** A world whose one route leads to a TLS server, by a transport that says `spec`. */
function worldTo(server: SecureServer, spec: object, ...more: readonly Readonly<Record<string, unknown>>[]): Promise<TlsWorld> {
  return TlsWorld.start([
    ...serviceOf("server", server.port),
    route({ scheme: "https", serversTransport: "special" }),
    transport(spec),
    authoritySecret("authorities", ours.certificatePem),
    ...more,
  ]);
}

const TRUST = { rootCAs: [{ secret: "authorities" }] };

test("a server is verified by the transport's authorities and its server name, which it is also told", async () => {
  const server = await SecureServer.start(ours, { names: ["server.test"] });
  const world = await worldTo(server, { ...TRUST, serverName: "server.test" });
  expect(world.problems()).toEqual([]);
  expect(await world.get("a.test")).toBe(200);
  expect(server.clients).toMatchObject([{ name: "server.test" }]);
});

test.for([
  ["of another authority", { authority: others, names: ["server.test"], isExpired: false }],
  ["for another name", { authority: ours, names: ["other.test"], isExpired: false }],
  ["that has expired", { authority: ours, names: ["server.test"], isExpired: true }],
] as const)("a server with a certificate %s gets nothing, and the client a 502", async ([, { authority, names, isExpired }]) => {
  const server = await SecureServer.start(authority, { names, isExpired });
  const world = await worldTo(server, { ...TRUST, serverName: "server.test" });
  expect(await world.get("a.test")).toBe(502);
});

test("insecureSkipVerify, and nothing else, switches the check off", async () => {
  const server = await SecureServer.start(others, { names: ["other.test"], isExpired: true });
  const world = await worldTo(server, { serverName: "server.test" });
  expect(await world.get("a.test")).toBe(502);
  await world.apply(transport({ serverName: "server.test", insecureSkipVerify: true }));
  expect(await world.get("a.test")).toBe(200);
  await world.apply(transport({ serverName: "server.test", insecureSkipVerify: false }));
  expect(await world.get("a.test")).toBe(502);
});

test("without a transport the authorities are the public ones, so that a private server is refused", async () => {
  const server = await SecureServer.start(ours, { names: ["server.test"] });
  const world = await TlsWorld.start([...serviceOf("server", server.port), route({ scheme: "https" })]);
  expect([world.problems(), await world.get("a.test")]).toEqual([[], 502]);
});

test.for([
  [{ appProtocol: "https" }, 200],
  [{ appProtocol: "HTTPS" }, 200],
  [{ appProtocol: "kubernetes.io/wss" }, 200],
  [{ name: "https-api" }, 200],
  [{ name: "https-api", appProtocol: "http" }, 502],
  [{ name: "api" }, 502],
] as const)("a port that says %j is spoken to accordingly: %i", async ([port, status]) => {
  const server = await SecureServer.start(ours, { names: ["server.test"] });
  const world = await TlsWorld.start([
    ...serviceOf("server", server.port, port),
    route({ serversTransport: "special" }),
    transport({ ...TRUST, serverName: "server.test" }),
    authoritySecret("authorities", ours.certificatePem),
  ]);
  expect(await world.get("a.test")).toBe(status);
});

test("port 443 is TLS where its Service says nothing else", async () => {
  const server = await SecureServer.start(ours, { names: ["server.test"] });
  const world = await TlsWorld.start([
    ...serviceOf("server", server.port, { port: 443 }),
    route({ port: 443, serversTransport: "special" }),
    transport({ ...TRUST, serverName: "server.test" }),
    authoritySecret("authorities", ours.certificatePem),
  ]);
  expect(await world.get("a.test")).toBe(200);
});

test("a server that wants a certificate is shown the transport's", async () => {
  const server = await SecureServer.start(
    ours,
    { names: ["server.test"] },
    { requestCert: true, rejectUnauthorized: true, ca: [ours.certificatePem] },
  );
  const spec = { ...TRUST, serverName: "server.test" };
  const world = await worldTo(server, spec, tlsSecret("client", await ours.issue("fairway")));
  expect(await world.get("a.test")).toBe(502);
  await world.apply(transport({ ...spec, certificatesSecrets: ["client"] }));
  expect(await world.get("a.test")).toBe(200);
  expect(server.clients.at(-1)?.subject).toBe("fairway");
});

test("peerCertSANs take the place of the server name: one of them must be there", async () => {
  const server = await SecureServer.start(ours, { names: ["server.test"] });
  const world = await worldTo(server, { ...TRUST, peerCertSANs: [{ type: "DNSName", value: "other.test" }] });
  expect(await world.get("a.test")).toBe(502);
  await world.apply(
    transport({
      ...TRUST,
      peerCertSANs: [
        { type: "DNSName", value: "other.test" },
        { type: "DNSName", value: "server.test" },
      ],
    }),
  );
  expect(await world.get("a.test")).toBe(200);
});

test.for([
  [{ rootCAs: [{ secret: "nowhere" }] }, "SecretNotFound"],
  [{ rootCAs: [{ configMap: "nowhere" }] }, "SecretNotFound"],
  [{ certificatesSecrets: ["nowhere"] }, "SecretNotFound"],
  [{ spiffe: { trustDomain: "example.org" } }, "NotSupported"],
  [{ forwardingTimeouts: { responseHeaderTimeout: "1s" } }, "NotSupported"],
] as const)("%j cannot be honoured: the route answers 503 and sends nothing", async ([spec, code]) => {
  const server = await SecureServer.start(ours, { names: ["server.test"] });
  const world = await worldTo(server, spec);
  expect(
    world
      .problems()
      .filter(({ object }) => object.kind === "ServersTransport")
      .map((one) => one.code),
  ).toContain(code);
  expect(await world.get("a.test")).toBe(503);
  expect(server.clients).toEqual([]);
});

test("a route whose ServersTransport is missing answers 503 until it is there", async () => {
  const server = await SecureServer.start(ours, { names: ["server.test"] });
  const world = await TlsWorld.start([
    ...serviceOf("server", server.port),
    route({ scheme: "https", serversTransport: "special" }),
    authoritySecret("authorities", ours.certificatePem),
  ]);
  expect(world.problems()).toMatchObject([
    { code: "ServersTransportNotFound", field: "spec.routes[0].services[0].serversTransport" },
  ]);
  expect(await world.get("a.test")).toBe(503);
  await world.apply(transport({ ...TRUST, serverName: "server.test" }));
  expect(await world.get("a.test")).toBe(200);
});

test("connections are kept, as many as the transport says, and sessions resume", async () => {
  const server = await SecureServer.start(ours, { names: ["server.test"] });
  const spec = { ...TRUST, serverName: "server.test" };
  const world = await worldTo(server, spec);
  for (let i = 0; i < 3; i++) expect(await world.get("a.test")).toBe(200);
  expect(server.clients).toHaveLength(1);
  await world.apply(transport({ ...spec, maxIdleConnsPerHost: -1 }));
  for (let i = 0; i < 3; i++) expect(await world.get("a.test")).toBe(200);
  expect(server.clients.slice(1).map(({ isResumed }) => isResumed)).toEqual([false, true, true]);
});

test("a request and a response of megabytes pass over TLS to a server", async () => {
  const server = await SecureServer.start(ours, { names: ["server.test"] });
  const world = await worldTo(server, { ...TRUST, serverName: "server.test" });
  const made = await world.client("a.test");
  made.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n");
  made.send(Buffer.alloc(1_000_000, "x"));
  expect((await made.response()).status).toBe(200);
});

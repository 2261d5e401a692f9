import type { TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import type { AnyMiddlewareModule } from "../../../src/extensions/middlewares/contract.ts";
import type { Exchange } from "../../../src/extensions/middlewares/exchange.ts";
import type { Router } from "../../../src/model/router.ts";
import { middleware } from "../http1/harness.ts";
import { TestAuthority } from "./authority.ts";
import { authoritySecret, routeFor, TlsWorld, tlsOption } from "./tls-world.ts";

const ours = await TestAuthority.make("ours");
const others = await TestAuthority.make("others");
const asClient = ({ chainPem, keyPem }: { chainPem: string; keyPem: string }) => ({ cert: chainPem, key: keyPem });
const CLIENTS = {
  none: {},
  right: asClient(await ours.issue("client")),
  expired: asClient(await ours.issue("client", { isExpired: true })),
  wrong: asClient(await others.issue("client")),
  "for servers": asClient(await ours.issue("client", { usage: "server" })),
} as const;

const MODES = {
  NoClientCert: { none: 200, right: 200, expired: 200, wrong: 200, "for servers": 200 },
  RequestClientCert: { none: 200, right: 200, expired: 200, wrong: 200, "for servers": 200 },
  RequireAnyClientCert: { none: "refused", right: 200, expired: 200, wrong: 200, "for servers": 200 },
  VerifyClientCertIfGiven: { none: 200, right: 200, expired: "refused", wrong: "refused", "for servers": "refused" },
  RequireAndVerifyClientCert: {
    none: "refused",
    right: 200,
    expired: "refused",
    wrong: "refused",
    "for servers": "refused",
  },
} as const;

test.for(["TLSv1.2", "TLSv1.3"] as const)("every mode of client authentication takes what it should, in %s", async (version) => {
  const names = Object.keys(MODES) as (keyof typeof MODES)[];
  const world = await TlsWorld.start([
    authoritySecret("authorities", ours.certificatePem),
    ...names.flatMap((mode) => [
      tlsOption(mode.toLowerCase(), { clientAuth: { clientAuthType: mode, secretNames: ["authorities"] } }),
      routeFor(mode.toLowerCase(), `${mode.toLowerCase()}.test`, { options: { name: mode.toLowerCase() } }),
    ]),
  ]);
  expect(world.problems()).toEqual([]);
  const got: Record<string, Record<string, unknown>> = {};
  for (const mode of names) {
    got[mode] = {};
    for (const [name, options] of Object.entries(CLIENTS)) {
      got[mode][name] = await world.get(`${mode.toLowerCase()}.test`, { ...options, minVersion: version, maxVersion: version });
    }
  }
  expect(got).toEqual(MODES);
});

test("Secrets without a mode mean that certificates are required and verified", async () => {
  const world = await TlsWorld.start([
    authoritySecret("authorities", ours.certificatePem),
    tlsOption("mutual", { clientAuth: { secretNames: ["authorities"] } }),
    routeFor("app", "a.test", { options: { name: "mutual" } }),
  ]);
  expect([await world.get("a.test"), await world.get("a.test", CLIENTS.right)]).toEqual(["refused", 200]);
});

test("a host is refused as long as the Secret with its authorities is missing, and its route says so", async () => {
  const world = await TlsWorld.start([
    tlsOption("mutual", { clientAuth: { secretNames: ["authorities"] } }),
    routeFor("app", "a.test", { options: { name: "mutual" } }),
    routeFor("open", "b.test", {}),
  ]);
  expect(world.problems().map(({ code, object }) => `${object.kind} ${code}`)).toEqual([
    "IngressRoute TLSOptionInvalid",
    "TLSOption SecretNotFound",
  ]);
  expect([await world.get("a.test", CLIENTS.right), await world.get("b.test")]).toEqual(["refused", 200]);
  // Nor is it to be had by asking for another name.
  expect(await world.get("a.test", { servername: "b.test" })).toBe(503);
  await world.apply(authoritySecret("authorities", ours.certificatePem));
  expect([await world.get("a.test"), await world.get("a.test", CLIENTS.right)]).toEqual(["refused", 200]);
});

test("authorities that change hold for the next connection, and for the next request of those there are", async () => {
  const world = await TlsWorld.start([
    authoritySecret("authorities", ours.certificatePem),
    tlsOption("mutual", { clientAuth: { secretNames: ["authorities"] } }),
    routeFor("app", "a.test", { options: { name: "mutual" } }),
  ]);
  const made = await world.client("a.test", CLIENTS.right);
  const get = () => made.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  get();
  expect((await made.response()).status).toBe(200);
  await world.apply(authoritySecret("authorities", others.certificatePem));
  get();
  expect((await made.response()).status).toBe(421);
  await made.until(() => made.isClosed || made.hasEnded);
  expect([await world.get("a.test", CLIENTS.right), await world.get("a.test", CLIENTS.wrong)]).toEqual(["refused", 200]);
});

test("middlewares see what a client showed, and whether it was verified", async () => {
  const WHO: AnyMiddlewareModule = {
    prepare: () => ({ ok: true, value: null }),
    create: () => ({
      onRequest(exchange: Exchange) {
        const { clientCertificate: shown } = exchange;
        exchange.setRequestHeader(
          "x-who",
          shown === null ? "nobody" : `${shown.leaf.subject} ${shown.isVerified} ${shown.pem.length > 0}`,
        );
        return undefined;
      },
    }),
  } as never;
  const modes = { verified: "VerifyClientCertIfGiven", asked: "RequestClientCert", unasked: "NoClientCert" } as const;
  const world = await TlsWorld.start(
    [
      authoritySecret("authorities", ours.certificatePem),
      ...Object.entries(modes).flatMap(([name, clientAuthType]) => [
        tlsOption(name, { clientAuth: { clientAuthType, secretNames: ["authorities"] } }),
        routeFor(name, `${name}.test`, { options: { name } }),
      ]),
    ],
    { middlewares: { who: WHO } },
  );
  const who = middleware("who", "who", null);
  const routers = world.resources().filter((one): one is Router => "ruleText" in one);
  await world.proxy.apply([who, ...routers.map((router) => ({ ...router, middlewares: [who.id] }))]);
  const seen = async (host: string, options: object) => {
    const before = world.upstream.received.join("").length;
    expect(await world.get(host, options)).toBe(200);
    return /X-Who: (.*)\r/i.exec(world.upstream.received.join("").slice(before))?.[1];
  };
  expect(await seen("verified.test", CLIENTS.right)).toBe("CN=client true true");
  expect(await seen("verified.test", {})).toBe("nobody");
  expect(await seen("asked.test", CLIENTS.wrong)).toBe("CN=client false true");
  expect(await seen("unasked.test", CLIENTS.right)).toBe("nobody");
});

test("a session that was begun with a certificate resumes under the same option, and under no other", async () => {
  const world = await TlsWorld.start([
    authoritySecret("authorities", ours.certificatePem),
    tlsOption("mutual", { clientAuth: { secretNames: ["authorities"] } }),
    routeFor("app", "a.test", { options: { name: "mutual" } }),
    routeFor("open", "b.test", {}),
  ]);
  const sessionOf = async (host: string, options: object): Promise<Buffer> => {
    const made = await world.client(host, options);
    const session = new Promise<Buffer>((resolve) => (made.socket as TLSSocket).once("session", resolve));
    made.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await made.response();
    return session;
  };
  const mutual = await sessionOf("a.test", CLIENTS.right);
  const open = await sessionOf("b.test", {});
  const again = await world.client("a.test", { session: mutual });
  again.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  expect([(await again.response()).status, (again.socket as TLSSocket).isSessionReused()]).toEqual([200, true]);
  expect(await world.get("a.test", { session: open })).toBe("refused");
  await world.apply(authoritySecret("authorities", others.certificatePem));
  expect(await world.get("a.test", { session: mutual })).toBe("refused");
});

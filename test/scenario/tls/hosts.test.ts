import type { TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { TestAuthority } from "./authority.ts";
import { authoritySecret, routeFor, TlsWorld, tlsOption, tlsSecret } from "./tls-world.ts";

const authority = await TestAuthority.make("authority");
const { chainPem: cert, keyPem: key } = await authority.issue("client");
const CLIENT = { cert, key };
const MUTUAL = [
  authoritySecret("authorities", authority.certificatePem),
  tlsOption("mutual", { clientAuth: { secretNames: ["authorities"] } }),
];
const OLD = "2020-01-01T00:00:00Z";
const mutual = { options: { name: "mutual" } };

test("who picks one host in SNI and another in Host with other options gets 421, either way", async () => {
  const world = await TlsWorld.start([...MUTUAL, routeFor("closed", "closed.test", mutual), routeFor("open", "open.test")]);
  expect(await world.get("closed.test", { servername: "open.test" })).toBe(421);
  expect(await world.get("open.test", { servername: "closed.test", ...CLIENT })).toBe(421);
  expect(await world.get("closed.test", { servername: "closed.test", ...CLIENT })).toBe(200);
  expect(await world.get("open.test")).toBe(200);
  expect(await world.get("CLOSED.test:443", { servername: "Closed.TEST", ...CLIENT })).toBe(200);
  expect(await world.get("closed.test", { servername: "CLOSED.TEST" })).toBe("refused");
});

test("clients that name no host, or one nobody serves, have the default options", async () => {
  const world = await TlsWorld.start([...MUTUAL, routeFor("closed", "closed.test", mutual), routeFor("open", "open.test")]);
  expect(await world.get("closed.test", { servername: "" })).toBe(421);
  expect(await world.get("open.test", { servername: "" })).toBe(200);
  expect(await world.get("closed.test", { servername: "nobody.test" })).toBe(421);
  expect(await world.get("open.test", { servername: "nobody.test" })).toBe(200);
});

test("a wildcard's options are for its hosts, and a host of its own below it keeps its own", async () => {
  const wild = routeFor("wild", "*.wild.test", mutual);
  const any = routeFor("any", "", mutual);
  const world = await TlsWorld.start([...MUTUAL, wild, any, routeFor("open", "open.test"), routeFor("below", "open.wild.test")]);
  expect(await world.get("other.test")).toBe("refused");
  expect(await world.get("other.test", CLIENT)).toBe(200);
  expect(await world.get("open.test")).toBe(200);
  expect(await world.get("other.test", { servername: "open.test", ...CLIENT })).toBe(421);
  expect(await world.get("x.wild.test")).toBe("refused");
  expect(await world.get("x.wild.test", CLIENT)).toBe(200);
  expect(await world.get("open.wild.test")).toBe(200);
});

test("of two routes that want different options for a host the older has them, the other answers 421, and both are told", async () => {
  const world = await TlsWorld.start([...MUTUAL, routeFor("young", "a.test"), routeFor("old", "a.test", mutual, OLD)]);
  expect(await world.get("a.test")).toBe("refused");
  const told = world.problems().filter(({ code }) => code === "TLSOptionConflict");
  expect(told.map(({ object, message }) => [object.name, /421|those of this rule count/.exec(message)?.[0]])).toEqual([
    ["old", "those of this rule count"],
    ["young", "421"],
  ]);
  // The other way round it is not weakened either: who wants certificates is not served without.
  const other = await TlsWorld.start([...MUTUAL, routeFor("old", "a.test", {}, OLD), routeFor("young", "a.test", mutual)]);
  expect(await other.get("a.test")).toBe(200);
  await other.apply({ ...(routeFor("old", "b.test", {}, OLD) as object) });
  expect([await other.get("a.test"), await other.get("a.test", CLIENT)]).toEqual(["refused", 200]);
  expect(other.problems()).toEqual([]);
});

test("TLSOption default of the operator's namespace counts for everybody, and that of another namespace for nobody", async () => {
  const world = await TlsWorld.start([routeFor("open", "a.test"), tlsOption("default", { minVersion: "VersionTLS13" })]);
  const old = { maxVersion: "TLSv1.2" } as const;
  expect(await world.get("a.test", old)).toBe(200);
  await world.apply(tlsOption("default", { minVersion: "VersionTLS13" }, "fairway-system"));
  expect([await world.get("a.test", old), await world.get("a.test")]).toEqual(["refused", 200]);
  await world.apply(tlsOption("default", { cipherSuites: ["TLS_NO_SUCH_SUITE"] }, "fairway-system"));
  expect(await world.get("a.test")).toBe("refused");
});

test("a name that nobody has a certificate for is shown that of TLSStore default", async () => {
  const store = await authority.issue("store", { names: ["store.test"] });
  const world = await TlsWorld.start([routeFor("open", "a.test")]);
  const shown = async () => {
    const { socket } = await world.client("a.test");
    return (socket as TLSSocket).getPeerCertificate().subject?.CN;
  };
  expect(await shown()).toBe("FAIRWAY DEFAULT CERTIFICATE");
  await world.apply(tlsSecret("store", store, "fairway-system"), {
    apiVersion: "fairway.dev/v1alpha1",
    kind: "TLSStore",
    metadata: { name: "default", namespace: "fairway-system" },
    spec: { defaultCertificate: { secretName: "store" } },
  });
  expect(await shown()).toBe("store");
});

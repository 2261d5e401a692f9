import fc from "fast-check";
import { expect, test } from "vitest";
import { matchers } from "../../extensions/matchers/registry.gen.ts";
import type { AnyMiddlewareModule } from "../../extensions/middlewares/contract.ts";
import { encodeResource, hashResource, SetHash } from "../../model/encode.ts";
import type { EntryPoint } from "../../model/entry-point.ts";
import { type ResourceId, resourceId } from "../../model/ids.ts";
import type { EncodedResource, Resource } from "../../model/resource.ts";
import type { Endpoints } from "../../model/service.ts";
import { makeDefaultCertificate } from "../supervisor/default-certificate.ts";
import { entryPoint, match, router, serviceId, serviceWithEndpoints } from "../worker/routing-case.ts";
import { SegmentReader } from "../worker/segment-reader.ts";
import { Builder, type BuiltGeneration } from "./builder.ts";

const HOST = match("Host", "shop.test");

function versionOf(resources: readonly EncodedResource[]): string {
  const sum = new SetHash();
  for (const { hash } of resources) sum.add(hash);
  return sum.hex();
}

/** A builder that knows one kind of middleware, which refuses the options "bad". */
function newBuilder(): Builder {
  const create = (config: unknown) => {
    if (config === "bad") throw new Error("bad options");
    return {};
  };
  const module = { kind: "known", prepare: () => ({ ok: true as const, value: null }), create };
  return new Builder({ matchers, middlewares: new Map([["known", module as AnyMiddlewareModule]]) });
}

/** Has a builder hold exactly these. */
function build(builder: Builder, resources: readonly Resource[]): BuiltGeneration {
  const upserts = resources.map(encodeResource);
  const built = builder.apply({ version: versionOf(upserts), reset: true, upserts, removals: [] });
  if (!built.ok) throw new Error(built.error);
  return built.value;
}

function refusalOf(resource: unknown): string | null {
  return build(newBuilder(), [resource as Resource]).refused[0]?.reason ?? null;
}

test("a delta whose version does not come out, or whose bytes are damaged, changes nothing", () => {
  const builder = newBuilder();
  build(builder, [entryPoint("web")]);
  const before = { version: builder.version, held: builder.held(), sequence: builder.sequence };
  const good = encodeResource(router("a", HOST));
  const damaged = { ...good, body: Buffer.concat([good.body, Buffer.from(" ")]) };
  const held = encodeResource(entryPoint("web"));
  const version = versionOf([held, good]);
  const apply = (upserts: EncodedResource[], removals: ResourceId[] = []) => {
    const built = builder.apply({ version, reset: false, upserts, removals });
    return built.ok ? null : built.error;
  };
  expect(apply([damaged])).toBe(`the hash of ${good.id} is not that of its bytes`);
  expect(apply([])).toBe(`the version comes out as ${before.version}, not ${version}`);
  expect(apply([good], [held.id])).toContain("the version comes out as");
  expect({ version: builder.version, held: builder.held(), sequence: builder.sequence }).toEqual(before);
  expect(apply([good])).toBe(null);
  expect(builder.version).toBe(version);
});

test("what cannot be built is refused with a reason, held all the same, and the rest applies", () => {
  const builder = newBuilder();
  const origin = { kind: "Middleware", namespace: "test", name: "m" };
  const bad = { id: resourceId("middleware", origin), origin, kind: "known", config: "bad" };
  const good = router("a", HOST);
  const unknown = router("b", match("Volcano", "x"));
  const { refused, update } = build(builder, [entryPoint("web"), bad, good, unknown]);
  expect(refused).toEqual([
    { id: bad.id, reason: "cannot be built: bad options" },
    { id: unknown.id, reason: 'the rule cannot be built: unknown matcher "Volcano"' },
  ]);
  expect(builder.held()).toHaveLength(4);
  const table = new SegmentReader<never>();
  table.replace(table.prepare(update.resources));
  expect([good, bad, unknown].map(({ id }) => table.find(id) !== null)).toEqual([true, false, false]);
  expect(build(builder, [entryPoint("web"), { ...bad, config: "good" }, good, unknown]).refused).toHaveLength(1);
  expect(build(builder, [entryPoint("web"), good]).refused).toEqual([]);
});

test("every type of resource is checked for what workers rely on", async () => {
  const a = router("a", HOST);
  const [service, endpoints] = serviceWithEndpoints("a", [80]);
  const web = entryPoint("web");
  const weighted = { type: "weighted", id: service.id, origin: service.origin };
  const secret = { kind: "Secret", namespace: "test", name: "tls" };
  const [pair, other] = await Promise.all([makeDefaultCertificate(0), makeDefaultCertificate(0)]);
  const certificate = { id: resourceId("certificate", secret), origin: secret, names: ["a.test"], ...pair };
  for (const good of [
    a,
    service,
    endpoints,
    web,
    certificate,
    { ...weighted, services: [{ service: serviceId("b"), weight: 0 }] },
  ]) {
    expect(refusalOf(good)).toBe(null);
  }
  expect(refusalOf({ ...a, rank: { ...a.rank, priority: "high" } })).toContain("the field rank");
  expect(refusalOf({ ...a, rank: undefined })).toContain("cannot be built");
  expect(refusalOf({ ...a, middlewares: null })).toContain("the field middlewares");
  expect(refusalOf({ ...a, entryPoints: [], parents: [a.origin], isParent: true })).toBe(null);
  expect(refusalOf({ ...a, parents: [] })).toContain("the field parents");
  expect(refusalOf({ ...a, parents: ["root"] })).toContain("the field parents");
  expect(refusalOf({ ...a, isParent: 1 })).toContain("the field isParent");
  expect(refusalOf({ ...a, rule: match("Path", "no-slash") })).toContain("the rule cannot be built");
  expect(refusalOf({ ...a, rule: null })).toContain("cannot be built");
  expect(refusalOf({ ...service, scheme: "gopher" })).toContain("the field scheme");
  expect(refusalOf({ ...service, type: "mirroring" })).toContain("the field type");
  expect(refusalOf({ ...weighted, services: [{ service: serviceId("b"), weight: -1 }] })).toContain("the field services");
  expect(refusalOf({ ...endpoints, servers: [{ address: "10.0.0.1", port: 0 }] })).toContain("the field servers");
  expect(refusalOf({ ...web, host: "localhost" })).toContain("the field host");
  expect(refusalOf({ ...web, port: 65_536 })).toContain("the field port");
  expect(refusalOf({ ...certificate, chainPem: "nonsense" })).toContain("cannot be built");
  expect(refusalOf({ ...certificate, keyPem: other.keyPem })).toContain("cannot be built");
  expect(refusalOf({ ...certificate, keyPem: "" })).toContain("the field keyPem");
});

test("what TLS asks for in a form that is not known is refused, never taken for a default", () => {
  const origin = { kind: "TLSOption", namespace: "test", name: "a" };
  const versions = { minVersion: "TLSv1.2", maxVersion: "TLSv1.3" };
  const option = { id: resourceId("tlsOption", origin), origin, ...versions };
  const transport = { id: resourceId("serversTransport", origin), origin, ...versions };
  const host = { id: resourceId("tlsHost", origin), origin, entryPoint: "web", host: "a.test" };
  const defaults = { id: resourceId("tlsDefaults", origin), origin };
  const tickets = { id: resourceId("ticketSecret", origin), origin, secret: Buffer.alloc(32).toString("base64") };
  for (const good of [option, transport, host, { ...host, option: null }, defaults, tickets]) expect(refusalOf(good)).toBe(null);
  expect(refusalOf({ ...option, isStricterStill: true })).toContain("isStricterStill");
  expect(refusalOf({ ...option, ciphers: "NONE-SUCH" })).toContain("cannot be built");
  expect(refusalOf({ ...option, clientAuth: { mode: "requireAndVerify", authorities: [] } })).toContain("clientAuth.authorities");
  expect(refusalOf({ ...option, clientAuth: { mode: "demand", authorities: [] } })).toContain("the field clientAuth");
  expect(refusalOf({ ...transport, checks: ["spiffe"] })).toContain("the field checks");
  expect(refusalOf({ ...transport, authorities: "all" })).toContain("the field authorities");
  expect(refusalOf({ ...host, option: 1 })).toContain("the field option");
  expect(refusalOf({ ...defaults, certificate: 1 })).toContain("the field certificate");
  expect(refusalOf({ ...tickets, secret: "c2hvcnQ=" })).toContain("the field secret");
  expect(refusalOf({ ...router("a", HOST), tlsOption: 1 })).toContain("the field tlsOption");
});

test("a resource in the format of another version is refused", () => {
  const encoded = encodeResource(router("a", HOST));
  const later = { ...encoded, format: 99, hash: hashResource(encoded.id, 99, encoded.body) };
  const built = newBuilder().apply({ version: versionOf([later]), reset: true, upserts: [later], removals: [] });
  expect(built.ok && built.value.refused[0]?.reason).toContain("format 99 is not known");
});

test("entry points are handed out by name, each name once, and no more than there are bits for", () => {
  const many = Array.from({ length: 33 }, (_, i) => entryPoint(`e${String(i).padStart(2, "0")}`));
  const twin: EntryPoint = {
    ...entryPoint("e00"),
    id: resourceId("entryPoint", { kind: "FairwayClass", namespace: "", name: "z" }, "twin"),
  };
  const { update, refused } = build(newBuilder(), [...many.toReversed(), twin]);
  expect(update.entryPoints).toEqual(many.slice(0, 31));
  expect(refused.map(({ reason }) => reason)).toEqual([
    "there can be no more than 31 entry points",
    "there can be no more than 31 entry points",
    "another entry point has this name",
  ]);
});

test("external names are listed as long as something needs them", () => {
  const builder = newBuilder();
  const external = (name: string, ...addresses: string[]): Endpoints => ({
    ...serviceWithEndpoints(name, [])[1],
    servers: addresses.map((address) => ({ address, port: 80 })),
  });
  const [a, b] = [external("a", "b.example", "a.example", "10.0.0.1", "::1"), external("b", "a.example")];
  expect(build(builder, [a, b]).update.hostnames).toEqual(["a.example", "b.example"]);
  expect(build(builder, [b]).update.hostnames).toEqual(["a.example"]);
  expect(build(builder, []).update.hostnames).toEqual([]);
});

test("a change hands out the shards it touches, and again until its generation is live", () => {
  const builder = newBuilder();
  const routers = Array.from({ length: 500 }, (_, i) => router(`r${i}`, match("Host", `h${i}.test`)));
  const first = build(builder, routers).update;
  builder.settle(first.sequence);
  const changed = { ...(routers[0] as (typeof routers)[0]), ruleText: "changed" };
  const second = build(builder, [changed, ...routers.slice(1)]).update;
  expect([second.resources.length, second.index.length]).toEqual([1, 1]);
  const third = build(builder, [changed, ...routers.slice(1), entryPoint("web")]).update;
  expect(third.resources.map(({ shard }) => shard)).toContain(second.resources[0]?.shard);
  expect(third.index).toEqual(second.index);
  builder.settle(third.sequence);
  expect(build(builder, [changed, ...routers.slice(1), entryPoint("web")]).update).toMatchObject({ index: [], resources: [] });
});

test("a change costs the same however many paths its host has", () => {
  const builder = newBuilder();
  const rule = (path: string) => ({ op: "and" as const, terms: [HOST, match("PathPrefix", path)] });
  const routers = Array.from({ length: 2000 }, (_, i) => router(`r${i}`, rule(`/path-${1000 + i}`)));
  builder.settle(build(builder, routers).update.sequence);
  const added = build(builder, [...routers, router("added", rule("/path-9999"))]).update;
  expect([added.resources.length, added.index.length]).toEqual([1, 1]);
  builder.settle(added.sequence);
  const removed = build(builder, routers).update;
  expect([removed.resources.length, removed.index.length]).toEqual([1, 1]);
  const bytes = [...removed.resources, ...removed.index].reduce((sum, update) => sum + update.bytes.byteLength, 0);
  expect(bytes).toBeLessThan(10_000);
});

test("whatever the deltas, what is held and its version are those of the resources themselves", () => {
  const one = fc.record({ name: fc.integer({ min: 0, max: 9 }), ruleText: fc.constantFrom("a", "b") });
  const delta = fc.record({
    upserts: fc.array(one, { maxLength: 6 }),
    removals: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }),
    reset: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(delta, { maxLength: 6 }), (deltas) => {
      const builder = newBuilder();
      const expected = new Map<ResourceId, EncodedResource>();
      for (const { upserts, removals, reset } of deltas) {
        const encoded = upserts.map(({ name, ruleText }) => encodeResource(router(`r${name}`, HOST, {}, { ruleText })));
        const gone = removals.map((name) => router(`r${name}`, HOST).id);
        if (reset) expected.clear();
        for (const id of gone) expected.delete(id);
        for (const resource of encoded) expected.set(resource.id, resource);
        const version = versionOf([...expected.values()]);
        expect(builder.apply({ version, reset, upserts: encoded, removals: gone }).ok).toBe(true);
        expect(builder.version).toBe(version);
        expect(new Map(builder.held().map(({ id, hash }) => [id, Buffer.from(hash).toString("hex")]))).toEqual(
          new Map([...expected].map(([id, { hash }]) => [id, Buffer.from(hash).toString("hex")])),
        );
      }
    }),
    { numRuns: 50 },
  );
});

test("what is held can be described without its secrets", () => {
  const builder = newBuilder();
  const secret = { kind: "Secret", namespace: "test", name: "tls" };
  const certificate = { id: resourceId("certificate", secret), origin: secret, names: [], chainPem: "CHAIN", keyPem: "THE-KEY" };
  build(builder, [entryPoint("web"), certificate]);
  const text = builder.describe();
  expect(text).not.toContain("THE-KEY");
  expect(JSON.parse(text)).toMatchObject({
    version: builder.version,
    sequence: 1,
    refused: [{ id: certificate.id }],
    resources: [{ id: certificate.id, keyPem: "[redacted]" }, { name: "web" }],
  });
});

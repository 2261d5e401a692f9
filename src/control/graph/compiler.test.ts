import fc from "fast-check";
import { expect, test } from "vitest";
import { applyEdits, edits, storedObject } from "../../../test/compile/world-edits.ts";
import { systemClock } from "../../kernel/clock.ts";
import { resourceId, resourceType } from "../../model/ids.ts";
import { objectKey } from "../../model/object-ref.ts";
import type { Resource } from "../../model/resource.ts";
import { ObjectStore } from "../store/object-store.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { CONTROLLER_NAME, type CompileSettings } from "../translate/settings.ts";
import { Compiler, type CompilerStore } from "./compiler.ts";
import type { Hold, Holds } from "./holds.ts";

const entryPoint = (name: string, tls: boolean) => ({
  id: resourceId("entryPoint", { kind: "EntryPoint", namespace: "", name }),
  name,
  host: "",
  port: 0,
  tls,
  trustedProxies: [],
});

const SETTINGS: CompileSettings = {
  controllerName: CONTROLLER_NAME,
  classes: { select: "every", publishAs: "fairway" },
  entryPoints: [entryPoint("web", false), entryPoint("websecure", true)],
  allowCrossNamespace: false,
  allowExternalName: true,
  allowLoopback: false,
  operatorNamespace: "fairway-system",
};
const CLUSTER: CompileSettings = {
  ...SETTINGS,
  classes: { select: "cluster", names: null, watchWithoutClass: true },
  allowExternalName: false,
};
const TWO_CLASSES: CompileSettings = { ...SETTINGS, classes: { select: "named", names: ["red", "blue"] } };

function contents(compiler: Compiler, classes: readonly string[]) {
  return classes.map((name) => {
    const graph = compiler.graph(name);
    return { name, resources: Object.fromEntries([...(graph?.resources ?? [])].sort(byId)), problems: graph?.problems };
  });
}

function byId([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

test.for([
  ["every object", SETTINGS, ["fairway"]],
  ["two classes", TWO_CLASSES, ["red", "blue"]],
  ["the classes of a cluster", CLUSTER, ["red", "blue"]],
] as const)("an incremental compile gives what a compile from nothing gives, serving %s", ([, settings, classes]) => {
  fc.assert(
    fc.property(fc.array(fc.array(edits, { minLength: 1, maxLength: 6 }), { maxLength: 12 }), (batches) => {
      const store = new ObjectStore();
      const compiler = new Compiler(settings);
      compiler.update(store, "all");
      for (const batch of batches) {
        applyEdits(store, batch);
        compiler.update(store, store.takeChanges());
        const fresh = new Compiler(settings, systemClock, compiler.memory);
        const { problems } = fresh.update(store, "all");
        expect(compiler.classes()).toEqual(fresh.classes());
        expect(contents(compiler, classes)).toEqual(contents(fresh, classes));
        for (const name of compiler.classes()) expect(compiler.graph(name)?.problems).toEqual(problems);
      }
    }),
    { numRuns: 150 },
  );
});

test("with holds, too, an incremental compile gives what a compile from nothing gives", () => {
  fc.assert(
    fc.property(fc.array(fc.array(edits, { minLength: 1, maxLength: 6 }), { maxLength: 12 }), fc.nat(2), (batches, keep) => {
      const store = new ObjectStore();
      const compiler = new Compiler(SETTINGS);
      compiler.update(store, "all");
      let holds: Holds = new Map();
      for (const [index, batch] of batches.entries()) {
        applyEdits(store, batch);
        const { holdable, releasable } = compiler.update(store, store.takeChanges(), holds);
        const kept = [...holds.values()].filter((hold, at) => !releasable.includes(hold.id) && (at + index) % (keep + 1) === 0);
        holds = new Map([...kept, ...holdable].map((hold): [Hold["id"], Hold] => [hold.id, hold]));
        compiler.update(store, [], holds);
        const fresh = new Compiler(SETTINGS, systemClock, compiler.memory);
        fresh.update(store, "all", holds);
        expect(contents(compiler, ["fairway"])).toEqual(contents(fresh, ["fairway"]));
      }
    }),
    { numRuns: 150 },
  );
});

test.for([
  ["every object", SETTINGS],
  ["the classes of a cluster", CLUSTER],
] as const)("the changes of every run, applied one after the other, are the graph, serving %s", ([, settings]) => {
  fc.assert(
    fc.property(fc.array(fc.array(edits, { minLength: 1, maxLength: 6 }), { maxLength: 12 }), (batches) => {
      const store = new ObjectStore();
      const compiler = new Compiler(settings);
      const applied = new Map<string, Map<string, Resource>>();
      const apply = ({ changes }: ReturnType<Compiler["update"]>) => {
        for (const [name, { upserts, removals, isWhole }] of changes) {
          const former = isWhole === true ? undefined : applied.get(name);
          const resources = former ?? new Map<string, Resource>();
          for (const resource of upserts) resources.set(resource.id, resource);
          for (const id of removals) expect(resources.delete(id)).toBe(true);
          applied.set(name, resources);
        }
      };
      apply(compiler.update(store, "all"));
      for (const batch of batches) {
        applyEdits(store, batch);
        apply(compiler.update(store, store.takeChanges()));
        for (const name of compiler.classes()) {
          const resources = applied.get(name) ?? [];
          expect(Object.fromEntries([...resources].sort(byId))).toEqual(contents(compiler, [name])[0]?.resources);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test("a class that goes leaves its entry points open, with no route on them", () => {
  fc.assert(
    fc.property(fc.array(edits, { maxLength: 40 }), (world) => {
      const store = new ObjectStore();
      applyEdits(store, world);
      const red = storedObject("IngressClass", "", "red", { spec: { controller: CONTROLLER_NAME } });
      store.apply(red);
      const compiler = new Compiler(CLUSTER);
      const before = compiler.update(store, "all").changes.get("red");
      store.takeChanges();
      store.remove(red.ref);
      const change = compiler.update(store, store.takeChanges()).changes.get("red");
      const left = (before?.upserts ?? []).filter(({ id }) => change?.removals.includes(id) !== true);
      // Whoever connects to them is held to the TLS options that count for everybody.
      const others = left.filter(({ id }) => !["tlsDefaults", "tlsOption", "certificate"].includes(resourceType(id)));
      expect(others.map(({ id }) => id).sort()).toEqual(["entryPoint:EntryPoint//web/", "entryPoint:EntryPoint//websecure/"]);
      expect(change?.upserts ?? []).toEqual([]);
      expect(compiler.classes()).not.toContain("red");
    }),
    { numRuns: 50 },
  );
});

const route = (name: string, middlewares: readonly string[] = []) =>
  storedObject("IngressRoute", "one", name, {
    spec: {
      routes: [
        {
          match: `Host(\`${name}.com\`)`,
          middlewares: middlewares.map((each) => ({ name: each })),
          services: [{ name: "a", port: 80 }],
        },
      ],
    },
  });
const service = (clusterIP: string) =>
  storedObject("Service", "one", "a", { spec: { clusterIP, ports: [{ name: "http", port: 80 }] } });
const slice = (address: string) =>
  storedObject(
    "EndpointSlice",
    "one",
    "a",
    { ports: [{ name: "http", port: 8080 }], endpoints: [{ addresses: [address] }] },
    { labels: { "kubernetes.io/service-name": "a" } },
  );
const strip = (prefix: string) => storedObject("Middleware", "one", "strip", { spec: { stripPrefix: { prefixes: [prefix] } } });

function running(...objects: readonly ReturnType<typeof storedObject>[]) {
  const store = new ObjectStore();
  for (const object of objects) store.apply(object);
  const compiler = new Compiler(SETTINGS);
  const first = compiler.update(store, "all");
  store.takeChanges();
  const change = (holds?: Holds) => {
    const result = compiler.update(store, store.takeChanges(), holds);
    const { upserts, removals } = result.changes.get("fairway") ?? { upserts: [], removals: [] };
    return { result, upserts: upserts.map((resource) => resource.id), removals, resources: upserts };
  };
  return { store, compiler, first, change };
}

test("an endpoint change touches the endpoints alone", () => {
  const { store, change } = running(service("10.1.1.1"), slice("10.0.0.1"), route("x"), route("y"));
  store.apply(slice("10.0.0.2"));
  expect(change()).toMatchObject({ upserts: ["endpoints:Service/one/a/80"], removals: [] });
});

test("a service whose address changes touches no router", () => {
  const { store, change } = running(service("10.1.1.1"), slice("10.0.0.1"), route("x"));
  store.apply(service("10.1.1.2"));
  const { upserts } = change();
  expect(upserts).toContain("service:Service/one/a/80");
  expect(upserts.filter((id) => id.startsWith("router:"))).toEqual([]);
});

test("a middleware whose options change touches no router", () => {
  const { store, change } = running(service(""), slice("10.0.0.1"), strip("/x"), route("x", ["strip"]), route("y", ["strip"]));
  store.apply(strip("/z"));
  expect(change().upserts).toEqual(["middleware:Middleware/one/strip/"]);
});

test("a middleware that goes turns its routers to tombstones, and no others", () => {
  const { store, change } = running(service(""), slice("10.0.0.1"), strip("/x"), route("x", ["strip"]), route("y"));
  store.remove({ kind: "Middleware", namespace: "one", name: "strip" });
  const { resources, removals } = change();
  expect(resources).toMatchObject([{ origin: { name: "x" }, tombstone: ["MiddlewareNotFound"], service: null }]);
  expect(removals).toEqual(["middleware:Middleware/one/strip/"]);
});

test("moving a rule inside its object changes its rank and not its name", () => {
  const rules = ["Host(`a.com`)", "Host(`b.com`)"].map((match) => ({ match, services: [{ name: "a", port: 80 }] }));
  const { store, compiler, change } = running(service(""), storedObject("IngressRoute", "one", "x", { spec: { routes: rules } }));
  const before = [...(compiler.graph("fairway")?.resources.keys() ?? [])].sort();
  store.apply(storedObject("IngressRoute", "one", "x", { spec: { routes: rules.toReversed() } }));
  expect(change().removals).toEqual([]);
  expect([...(compiler.graph("fairway")?.resources.keys() ?? [])].sort()).toEqual(before);
});

test("the same objects put again change nothing", () => {
  const { store, change } = running(service(""), slice("10.0.0.1"), route("x"));
  store.apply(route("x"));
  expect(change().result.changes.size).toBe(0);
});

test("a rule that misses a reference keeps its old form while it is held, and is a tombstone after that", () => {
  const { store, compiler, change } = running(service(""), slice("10.0.0.1"), route("x"));
  const [id] = [...(compiler.graph("fairway")?.resources.keys() ?? [])].filter((key) => key.startsWith("router:"));
  const before = compiler.graph("fairway")?.resources.get(id as Hold["id"]);
  store.apply(route("x", ["new"]));
  const { result } = change();
  expect(result.holdable.map((hold) => [hold.id, hold.router])).toEqual([[id, before]]);
  const holds: Holds = new Map(result.holdable.map((hold) => [hold.id, hold]));
  change(holds);
  expect(compiler.graph("fairway")?.resources.get(id as Hold["id"])).toEqual(before);
  expect(compiler.graph("fairway")?.problems).toMatchObject([{ code: "MiddlewareNotFound" }]);
  const after = change(new Map());
  expect(after.resources).toMatchObject([{ id, tombstone: ["MiddlewareNotFound"] }]);
  expect(after.result.holdable).toEqual([]);
});

test("a held rule keeps what it leads to even when that is gone", () => {
  const { store, compiler, change } = running(service("10.1.1.1"), slice("10.0.0.1"), strip("/x"), route("x", ["strip"]));
  const before = contents(compiler, ["fairway"])[0]?.resources;
  store.remove({ kind: "Middleware", namespace: "one", name: "strip" });
  store.remove({ kind: "Service", namespace: "one", name: "a" });
  store.remove({ kind: "EndpointSlice", namespace: "one", name: "a" });
  const { result } = change();
  change(new Map(result.holdable.map((hold) => [hold.id, hold])));
  expect(contents(compiler, ["fairway"])[0]?.resources).toEqual(before);
});

test("a hold is over when what was missed has come", () => {
  const { store, change } = running(service(""), slice("10.0.0.1"), route("x"));
  store.apply(route("x", ["strip"]));
  const holds: Holds = new Map(change().result.holdable.map((hold) => [hold.id, hold]));
  expect(change(holds).result.releasable).toEqual([]);
  store.apply(strip("/x"));
  const { result, resources } = change(holds);
  expect(result.releasable).toEqual([...holds.keys()]);
  expect(resources).toMatchObject([
    { kind: "stripPrefix" },
    { middlewares: ["middleware:Middleware/one/strip/"], tombstone: null },
  ]);
});

test("a rule that is edited and misses a reference is held under its new name", () => {
  const { store, compiler, change } = running(service(""), slice("10.0.0.1"), route("x"));
  const edited = { match: "Host(`x.com`) && Path(`/new`)", services: [{ name: "missing", port: 80 }] };
  store.apply(storedObject("IngressRoute", "one", "x", { spec: { routes: [edited] } }));
  const { result } = change();
  expect(result.holdable).toHaveLength(1);
  change(new Map(result.holdable.map((hold) => [hold.id, hold])));
  const routers = [...(compiler.graph("fairway")?.resources.values() ?? [])].filter((resource) => "ruleText" in resource);
  expect(routers).toMatchObject([{ ruleText: "Host(`x.com`)", tombstone: null }]);
});

test("a rule that is new is not held: it has no old form", () => {
  const { store, change } = running();
  store.apply(route("x"));
  expect(change().result.holdable).toEqual([]);
});

test("a rule that cannot be built for a reason that waiting does not mend is not held", () => {
  const { store, change } = running(service(""), slice("10.0.0.1"), route("x"));
  const unsupported = {
    match: "Host(`x.com`)",
    middlewares: [{ name: "missing" }],
    services: [{ name: "a", port: 80, sticky: { cookie: {} } }],
  };
  store.apply(storedObject("IngressRoute", "one", "x", { spec: { routes: [unsupported] } }));
  expect(change().result.holdable).toEqual([]);
});

const grantToOne = storedObject("ReferenceGrant", "two", "grant", {
  spec: {
    from: [{ group: "fairway.dev", kind: "IngressRoute", namespace: "one" }],
    to: [{ group: "fairway.dev", kind: "Middleware" }],
  },
});
const elsewhere = storedObject("Middleware", "two", "strip", { spec: { stripPrefix: { prefixes: ["/x"] } } });
const routeTo = (...middlewares: readonly { readonly name: string; readonly namespace?: string }[]) => {
  const rule = { match: "Host(`x.com`)", middlewares, services: [{ name: "a", port: 80 }] };
  return storedObject("IngressRoute", "one", "x", { spec: { routes: [rule] } });
};

test("a rule that begins to need another namespace's consent waits for it", () => {
  const { store, change } = running(service(""), slice("10.0.0.1"), elsewhere, routeTo());
  store.apply(routeTo({ name: "strip", namespace: "two" }));
  const { holdable } = change().result;
  expect(holdable).toHaveLength(1);
  const holds: Holds = new Map(holdable.map((hold) => [hold.id, hold]));
  expect(change(holds).result.releasable).toEqual([]);
  store.apply(grantToOne);
  const { result, resources } = change(holds);
  expect(result.releasable).toEqual([...holds.keys()]);
  expect(resources).toMatchObject([
    { kind: "stripPrefix" },
    { middlewares: ["middleware:Middleware/two/strip/"], tombstone: null },
  ]);
});

test("a consent that is withdrawn counts at once", () => {
  const { store, compiler, change } = running(
    service(""),
    slice("10.0.0.1"),
    elsewhere,
    grantToOne,
    routeTo({ name: "strip", namespace: "two" }),
  );
  store.remove(grantToOne.ref);
  expect(change().result.holdable).toEqual([]);
  const routers = [...(compiler.graph("fairway")?.resources.values() ?? [])].filter((resource) => "ruleText" in resource);
  expect(routers).toMatchObject([{ tombstone: ["NotPermitted"] }]);
});

test("a held form that leads to another namespace ends when the consent to it is withdrawn", () => {
  const { store, compiler, change } = running(
    service(""),
    slice("10.0.0.1"),
    elsewhere,
    grantToOne,
    routeTo({ name: "strip", namespace: "two" }),
  );
  store.apply(routeTo({ name: "strip", namespace: "two" }, { name: "late" }));
  const holds: Holds = new Map(change().result.holdable.map((hold) => [hold.id, hold]));
  expect(holds.size).toBe(1);
  change(holds);
  store.remove(grantToOne.ref);
  expect(change(holds).result.releasable).toEqual([...holds.keys()]);
  const routers = [...(compiler.graph("fairway")?.resources.values() ?? [])].filter((resource) => "ruleText" in resource);
  expect(routers).toMatchObject([{ tombstone: ["MiddlewareNotFound", "NotPermitted"] }]);
});

test("the old form of a rule stands aside when the object has that form again", () => {
  const good = { match: "Host(`x.com`)", services: [{ name: "a", port: 80 }] };
  const bad = { match: "Host(`y.com`)", services: [{ name: "missing", port: 80 }] };
  const object = (...routes: readonly unknown[]) => storedObject("IngressRoute", "one", "x", { spec: { routes } });
  const { store, compiler, change } = running(service(""), slice("10.0.0.1"), object(good));
  store.apply(object(bad));
  const holds: Holds = new Map(change().result.holdable.map((hold) => [hold.id, hold]));
  change(holds);
  store.apply(object(bad, good));
  change(holds);
  const routers = [...(compiler.graph("fairway")?.resources.values() ?? [])].filter((resource) => "ruleText" in resource);
  expect(routers.map(({ ruleText, tombstone }) => [ruleText, tombstone])).toEqual([
    ["Host(`x.com`)", null],
    ["Host(`y.com`)", ["ServiceNotFound"]],
  ]);
  store.apply(object(bad));
  change();
  expect(routers.length - 1).toBe(
    [...(compiler.graph("fairway")?.resources.keys() ?? [])].filter((id) => /^router/.test(id)).length,
  );
});

test("a slice that changes sides leaves the one Service and joins the other", () => {
  const named = (name: string) => storedObject("Service", "one", name, { spec: { ports: [{ name: "http", port: 80 }] } });
  const sliceOf = (owner: string) => ({ ...slice("10.0.0.1"), labels: { "kubernetes.io/service-name": owner } });
  const to = (name: string) =>
    storedObject("IngressRoute", "one", name, { spec: { routes: [{ match: "Method(`GET`)", services: [{ name, port: 80 }] }] } });
  const { store, change } = running(named("a"), named("b"), sliceOf("a"), to("a"), to("b"));
  store.apply(sliceOf("b"));
  expect(change().resources).toMatchObject([
    { id: "endpoints:Service/one/a/80", servers: [] },
    { id: "endpoints:Service/one/b/80", servers: [{ address: "10.0.0.1" }] },
  ]);
});

/** A store some of whose objects cannot be translated: reading what they say throws, as a defect would. */
function brokenFor(store: ObjectStore, broken: Set<string>): CompilerStore {
  const reading = (object: StoredObject): StoredObject => {
    if (!broken.has(`${object.ref.kind}/${object.ref.name}`)) return object;
    const trap = { get: (_: object, field: string) => (field === "parentRefs" ? [] : thrown(`no way to read ${field}`)) };
    return {
      ...object,
      body: {
        spec: new Proxy({}, trap),
        get endpoints() {
          return thrown("no way to read endpoints");
        },
        ports: [{ name: "http", port: 8080 }],
      },
    };
  };
  return {
    get: (kind, namespace, name) => {
      const object = store.get(kind, namespace, name);
      return object && reading(object);
    },
    endpointSlices: (namespace, name) => store.endpointSlices(namespace, name).map(reading),
    referenceGrants: (namespace) => store.referenceGrants(namespace),
    ingressClasses: () => store.ingressClasses(),
    childrenOf: (namespace, name) => store.childrenOf(namespace, name),
    list: (kind) => store.list(kind),
  };
}

function thrown(message: string): never {
  throw new Error(message);
}

test.for([["IngressRoute/x"], ["Service/a"], ["EndpointSlice/a"], ["Middleware/strip"]])(
  "a defect in compiling %s takes nothing else out, and is over when it is mended",
  ([broken]) => {
    const store = new ObjectStore();
    for (const object of [service("10.1.1.1"), slice("10.0.0.1"), strip("/x"), route("x", ["strip"])]) store.apply(object);
    store.apply(storedObject("Service", "one", "b", { spec: { ports: [{ port: 80 }] } }));
    const other = { match: "Host(`y.com`)", services: [{ name: "b", port: 80 }] };
    store.apply(storedObject("IngressRoute", "one", "y", { spec: { routes: [other] } }));
    const names = new Set([broken as string]);
    const view = brokenFor(store, names);
    const compiler = new Compiler(SETTINGS);
    const rules = () =>
      [...(compiler.graph("fairway")?.resources.values() ?? [])]
        .flatMap((one) => ("ruleText" in one ? [one.ruleText] : []))
        .sort();
    const codes = () => compiler.graph("fairway")?.problems.map(({ code }) => code);
    compiler.update(view, "all");
    store.takeChanges();
    expect(rules()).toEqual(["Host(`y.com`)"]);
    expect(codes()).toContain("InternalError");

    names.clear();
    for (const object of [service("10.1.1.1"), slice("10.0.0.1"), strip("/x"), route("x", ["strip"])]) {
      if (objectKey(object.ref).startsWith(broken?.split("/")[0] ?? ""))
        store.apply({ ...object, generation: 2, annotations: { a: "b" } });
    }
    compiler.update(view, store.takeChanges());
    expect(rules()).toEqual(["Host(`x.com`)", "Host(`y.com`)"]);
    expect(codes()).not.toContain("InternalError");

    const before = contents(compiler, ["fairway"])[0]?.resources;
    names.add(broken as string);
    for (const object of [service("10.1.1.2"), slice("10.0.0.2"), strip("/z"), route("x", [])]) store.apply(object);
    compiler.update(view, store.takeChanges());
    expect(codes()).toContain("InternalError");
    expect(rules()).toEqual(
      Object.values(before ?? {})
        .flatMap((one) => ("ruleText" in one ? [one.ruleText] : []))
        .sort(),
    );

    names.clear();
    compiler.reset();
    compiler.update(view, "all");
    const fresh = new Compiler(SETTINGS);
    fresh.update(store, "all");
    expect(contents(compiler, ["fairway"])).toEqual(contents(fresh, ["fairway"]));
  },
);

import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { storedObject } from "../../../test/compile/world-edits.ts";
import { DEV_SETTINGS } from "../../../test/golden/world.ts";
import { Compiler } from "../graph/compiler.ts";
import { ObjectStore } from "../store/object-store.ts";
import type { StoredObject } from "../store/stored-object.ts";

/** One way in which an object of namespace "one" refers to another one, in `namespace`. */
interface ReferenceCase {
  /** The field, as the schema has it. */
  readonly field: string;
  /** The kinds a ReferenceGrant has to name, each with its group. */
  readonly from: readonly [group: string, kind: string];
  readonly to: readonly [group: string, kind: string];
  readonly objects: (namespace: string | undefined) => readonly StoredObject[];
}

const FAIRWAY = "fairway.dev";

const ingressRoute = (spec: Readonly<Record<string, unknown>>) =>
  storedObject("IngressRoute", "one", "route", {
    spec: { routes: [{ match: "Host(`a.test`)", services: [{ name: "web", port: 80 }], ...spec }] },
  });

const REFERENCES: readonly ReferenceCase[] = [
  {
    field: "IngressRoute spec.routes[].middlewares[]",
    from: [FAIRWAY, "IngressRoute"],
    to: [FAIRWAY, "Middleware"],
    objects: (namespace) => [ingressRoute({ middlewares: [{ name: "strip", namespace }] })],
  },
  {
    field: "IngressRoute spec.routes[].services[]",
    from: [FAIRWAY, "IngressRoute"],
    to: ["", "Service"],
    objects: (namespace) => [ingressRoute({ services: [{ name: "web", namespace, port: 80 }] })],
  },
  {
    field: "IngressRoute spec.parentRefs[]",
    from: [FAIRWAY, "IngressRoute"],
    to: [FAIRWAY, "IngressRoute"],
    objects: (namespace) => {
      const routes = [{ match: "Path(`/x`)", services: [{ name: "web", port: 80 }] }];
      return [storedObject("IngressRoute", "one", "child", { spec: { parentRefs: [{ name: "parent", namespace }], routes } })];
    },
  },
  {
    field: "Middleware spec.chain.middlewares[]",
    from: [FAIRWAY, "Middleware"],
    to: [FAIRWAY, "Middleware"],
    objects: (namespace) => [
      storedObject("Middleware", "one", "chain", { spec: { chain: { middlewares: [{ name: "strip", namespace }] } } }),
      ingressRoute({ middlewares: [{ name: "chain" }] }),
    ],
  },
];

/** What there is to refer to, in a namespace. */
function targets(namespace: string): readonly StoredObject[] {
  return [
    storedObject("Middleware", namespace, "strip", { spec: { stripPrefix: { prefixes: ["/x"] } } }),
    storedObject("Service", namespace, "web", { spec: { ports: [{ port: 80 }] } }),
    storedObject("IngressRoute", namespace, "parent", { spec: { routes: [{ match: `Host(\`${namespace}.test\`)` }] } }),
  ];
}

function grant(from: ReferenceCase["from"], fromNamespace: string, to: readonly [string, string, string?]): StoredObject {
  const [group, kind, name] = to;
  return storedObject("ReferenceGrant", "two", "grant", {
    spec: {
      from: [{ group: from[0], kind: from[1], namespace: fromNamespace }],
      to: [{ group, kind, ...(name === undefined ? {} : { name }) }],
    },
  });
}

/** The codes of what is wrong with references, and whether every route of namespace "one" works. */
function outcome(objects: readonly StoredObject[], allowCrossNamespace = false) {
  const store = new ObjectStore();
  for (const object of [...targets("one"), ...targets("two"), ...objects]) store.apply(object);
  const compiler = new Compiler({ ...DEV_SETTINGS, allowCrossNamespace });
  const { problems } = compiler.update(store, "all");
  const refused = problems.filter((one) => one.code === "NotPermitted" && one.object.namespace === "one");
  const routers = [...(compiler.graph("fairway")?.resources.values() ?? [])].filter((one) => "ruleText" in one);
  const own = routers.filter((one) => one.origin.namespace === "one" && ["route", "child"].includes(one.origin.name));
  return { refused: refused.length > 0, works: own.length === 1 && own.every((one) => one.tombstone === null) };
}

const WORKS = { refused: false, works: true };
const REFUSED = { refused: true, works: false };

test.for(REFERENCES)("$field: inside the namespace nobody has to consent", ({ objects }) => {
  expect(outcome(objects(undefined))).toEqual(WORKS);
  expect(outcome(objects("one"))).toEqual(WORKS);
});

test.for(REFERENCES)("$field: another namespace refuses by default", ({ objects }) => {
  expect(outcome(objects("two"))).toEqual(REFUSED);
});

test.for(REFERENCES)("$field: a ReferenceGrant there permits it, by name or not", ({ objects, from, to }) => {
  expect(outcome([...objects("two"), grant(from, "one", to)])).toEqual(WORKS);
  const name = { Middleware: "strip", Service: "web", IngressRoute: "parent" }[to[1]] ?? "";
  expect(outcome([...objects("two"), grant(from, "one", [...to, name])])).toEqual(WORKS);
});

test.for(REFERENCES)("$field: a ReferenceGrant for another name, kind, group or namespace does not", ({ objects, from, to }) => {
  for (const other of [
    grant(from, "one", [...to, "other"]),
    grant(from, "three", to),
    grant([from[0], "Ingress"], "one", to),
    grant(["other.dev", from[1]], "one", to),
    grant(from, "one", [to[0], "Secret"]),
    grant(from, "one", ["other.dev", to[1]]),
  ]) {
    expect(outcome([...objects("two"), other])).toEqual(REFUSED);
  }
});

test.for(REFERENCES)("$field: the operator's setting permits it everywhere", ({ objects }) => {
  expect(outcome(objects("two"), true)).toEqual(WORKS);
});

test.for(REFERENCES)("$field: a refusal does not tell whether the target exists", ({ objects }) => {
  const told = (namespace: string) => {
    const store = new ObjectStore();
    for (const object of [...targets("one"), ...targets("two"), ...objects(namespace)]) store.apply(object);
    const { problems } = new Compiler(DEV_SETTINGS).update(store, "all");
    return problems
      .filter((one) => one.object.namespace === "one" && one.code !== "NoEndpoints")
      .map((one) => JSON.stringify(one).replaceAll(namespace, "NAMESPACE"));
  };
  expect(told("two")).toEqual(told("empty"));
});

/** Fields that lead to another namespace and are refused as a whole, since what they are for is not supported yet. */
const NOT_SUPPORTED: readonly RegExp[] = [
  /^(FairwayClass|FairwayService|IngressRouteTCP|IngressRouteUDP) /,
  /^IngressRoute spec\.tls\.(options|store)$/,
  /^IngressRoute spec\.routes\[\]\.services\[\]\.middlewares\[\]$/,
  /^Middleware spec\.errors\./,
];

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

interface CustomResource {
  readonly kind: string;
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** Every field of our kinds that names an object and a namespace. */
function crossingFields(): readonly string[] {
  const folder = fileURLToPath(new URL("../../../crds/", import.meta.url));
  const documents = globSync("*.yaml", { cwd: folder }).flatMap((file) =>
    parseAllDocuments(readFileSync(folder + file, "utf8")).map((document) => document.toJS() as CustomResource | null),
  );
  return documents
    .filter((one): one is CustomResource => one?.kind === "CustomResourceDefinition")
    .flatMap(({ spec }) => {
      const schema = spec.versions[0]?.schema.openAPIV3Schema.properties?.spec ?? {};
      return namespacedFields(schema, `${spec.names.kind} spec`);
    });
}

function namespacedFields(schema: Schema, path: string): readonly string[] {
  const { properties = {}, items } = schema;
  const own = "name" in properties && "namespace" in properties ? [path] : [];
  const inside = Object.entries(properties).flatMap(([name, member]) => namespacedFields(member, `${path}.${name}`));
  return [...own, ...inside, ...(items === undefined ? [] : namespacedFields(items, `${path}[]`))];
}

test("every field that can name another namespace is judged here, or not supported", () => {
  const fields = crossingFields();
  expect(fields.length).toBeGreaterThan(25);
  const judged = new Set(REFERENCES.map(({ field }) => field));
  expect(fields.filter((field) => !judged.has(field) && !NOT_SUPPORTED.some((one) => one.test(field)))).toEqual([]);
  for (const field of judged) expect(fields).toContain(field);
});

test.for([
  ["tls.options", { tls: { options: { name: "x", namespace: "two" } } }, "NotPermitted"],
  ["tls.store", { tls: { store: { name: "x", namespace: "two" } } }, "NotSupported"],
])("an IngressRoute that names another namespace in %s without its leave answers 503", ([, spec, code]) => {
  const store = new ObjectStore();
  for (const object of targets("one")) store.apply(object);
  const { body } = ingressRoute({});
  store.apply(storedObject("IngressRoute", "one", "route", { spec: { ...(body.spec as object), ...(spec as object) } }));
  const compiler = new Compiler(DEV_SETTINGS);
  compiler.update(store, "all");
  const routers = [...(compiler.graph("fairway")?.resources.values() ?? [])].filter((one) => "ruleText" in one);
  expect(routers.find((one) => one.origin.name === "route")).toMatchObject({ tombstone: [code] });
});

test("middlewares of a service, which are not supported, make the route answer 503 wherever they are", () => {
  const services = [{ name: "web", port: 80, middlewares: [{ name: "strip", namespace: "two" }] }];
  expect(outcome([ingressRoute({ services })])).toEqual({ refused: false, works: false });
});

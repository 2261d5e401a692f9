import { beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { cpuMs } from "../../../test/cpu-time.ts";
import { ObjectStore } from "../store/object-store.ts";
import { Intake } from "./intake.ts";
import { KindCatalog } from "./kind-catalog.ts";

const kinds = new KindCatalog();
let store: ObjectStore;
let intake: Intake;

beforeEach(() => {
  store = new ObjectStore();
  intake = new Intake(store, kinds);
});

/** Takes a document in; the problems of all objects as `Code field: message (hint)`. */
function put(yaml: string): readonly string[] {
  const identified = intake.identify(parse(yaml));
  if (!identified.ok) return [`${identified.error.field}: ${identified.error.message} (${identified.error.hint})`];
  if (identified.value !== null) intake.put(intake.check(identified.value));
  return [...intake.problems()].map(({ code, field, message, hint }) => `${code} ${field}: ${message}${hint && ` (${hint})`}`);
}

const route = (spec: string): string =>
  `apiVersion: fairway.dev/v1alpha1\nkind: IngressRoute\nmetadata: {name: r}\nspec: ${spec}`;
const GOOD = "{routes: [{match: Host(`a`), services: [{name: s, port: 80}]}]}";

test("a good object comes in, in the namespace default when it names none", () => {
  expect(put(route(GOOD))).toEqual([]);
  expect(store.get("IngressRoute", "default", "r")?.body).toEqual({ spec: parse(GOOD) });
});

test.each([
  ["{routes: [{services: []}]}", "SchemaViolation spec.routes[0].match: Required, but missing."],
  ["{routes: {match: x}}", 'SchemaViolation spec.routes: Expected a list, found {"match":"x"}. (Begin each item with a dash.)'],
  ["{routes: [{match: 1}]}", 'SchemaViolation spec.routes[0].match: Expected a text, found 1. (Put it in quotes: "1".)'],
  [
    "{routes: [{match: a, priority: '7'}]}",
    'SchemaViolation spec.routes[0].priority: Expected an integer, found "7". (Leave out the quotes: 7.)',
  ],
  ["{routes: [{match: a, priority: null}]}", "SchemaViolation spec.routes[0].priority: Expected an integer, found null."],
  ["{routes: [{match: a, kind: rule}]}", 'SchemaViolation spec.routes[0].kind: "rule" is not "Rule".'],
  [
    "{routes: [{match: a, syntax: v4}]}",
    'SchemaViolation spec.routes[0].syntax: "v4" is not one of "v3", "v2". (Did you mean "v3"?)',
  ],
  ["{routes: [{match: ''}]}", "SchemaViolation spec.routes[0].match: Must not be empty."],
  ["{routes: []}", "SchemaViolation spec.routes: Needs at least 1 item, has 0."],
  [
    "{routes: [{match: a, services: [{name: s, port: [80]}]}]}",
    "SchemaViolation spec.routes[0].services[0].port: Expected an integer or a text, found [80].",
  ],
  [
    "{routes: [{match: a, services: [{name: s, port: 80, passHostHeader: 'no'}]}]}",
    'SchemaViolation spec.routes[0].services[0].passHostHeader: Expected true or false, found "no". (Write true or false, without quotes.)',
  ],
  [
    "{routes: [{match: a, services: [{name: s, port: 80, weight: -1}]}]}",
    "SchemaViolation spec.routes[0].services[0].weight: -1 is less than 0, the least allowed.",
  ],
  [
    "{routes: [{match: a, services: [{name: S, port: 80}]}]}",
    'SchemaViolation spec.routes[0].services[0].name: "S" does not match ^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$.',
  ],
  [
    "{routes: [{match: a, services: [{name: s}]}]}",
    "SchemaViolation spec.routes[0].services[0].port: port is required for a Service: write the number or the name of one of its ports",
  ],
  ["null", "SchemaViolation spec: Expected an object, found null."],
  [
    "{routes: [{match: a, servics: []}]}",
    'UnknownField spec.routes[0].servics: Unknown field "servics". (Did you mean "services"?)',
  ],
  ["{routes: [{match: a}], tsl: {}}", 'UnknownField spec.tsl: Unknown field "tsl". (Did you mean "tls"?)'],
])("%s is told in one sentence", (spec, expected) => {
  expect(put(route(spec))).toEqual([expected]);
});

test("each mistake of an object is told", () => {
  expect(put(route("{routes: [{match: 1, servics: []}, {}]}"))).toHaveLength(3);
});

test("a refused object leaves the last accepted version, and is forgotten when it is mended", () => {
  put(route(GOOD));
  const accepted = store.get("IngressRoute", "default", "r");
  expect(put(route("{}"))).toHaveLength(1);
  expect(store.get("IngressRoute", "default", "r")).toBe(accepted);
  expect(put(route(GOOD))).toEqual([]);
});

test("an object with an unknown field comes in", () => {
  put(route("{routes: [{match: a, servics: []}]}"));
  expect(store.get("IngressRoute", "default", "r")).toBeDefined();
});

test("removing takes object and problems away", () => {
  put(route("{routes: [{match: a, servics: []}]}"));
  intake.remove({ kind: "IngressRoute", namespace: "default", name: "r" });
  expect([...intake.problems()]).toEqual([]);
  expect(store.size).toBe(0);
});

test("kinds that are not ours to read are passed over", () => {
  expect(put("apiVersion: apps/v1\nkind: Deployment\nmetadata: {}")).toEqual([]);
  expect(put("apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r}")).toEqual([]);
  expect(put("apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: r}")).toEqual([]);
  expect(store.size).toBe(0);
});

test.each([
  ["[1]", ": Not a Kubernetes object. (Write apiVersion, kind and metadata.)"],
  ["kind: Service", "apiVersion: apiVersion is missing. ()"],
  ["apiVersion: v1", "kind: kind is missing. ()"],
  ["{apiVersion: v1, kind: Service, metadata: {generateName: x}}", "metadata.name: metadata.name is missing. ()"],
  [
    "{apiVersion: v1, kind: Service, metadata: {name: a/b}}",
    'metadata.name: "a/b" is not a valid name. (Use lower case letters, digits and hyphens, beginning and ending with a letter or digit.)',
  ],
  [
    "{apiVersion: fairway.dev/v1alpha1, kind: IngresRoute, metadata: {name: r}}",
    "kind: fairway.dev has no kind IngresRoute. (Did you mean IngressRoute?)",
  ],
  [
    "{apiVersion: fairway.dev/v1, kind: IngressRoute, metadata: {name: r}}",
    "kind: IngressRoute has no version v1. (Write apiVersion: fairway.dev/v1alpha1.)",
  ],
  [
    "{apiVersion: extensions/v1beta1, kind: Ingress, metadata: {name: r}}",
    "kind: Ingress of extensions/v1beta1 is not read. (Write apiVersion: networking.k8s.io/v1.)",
  ],
])("%s is no object: it says why", (yaml, expected) => {
  expect(put(yaml)).toEqual([expected]);
});

test("kinds of Kubernetes are checked too, and their nulls stand for nothing", () => {
  expect(
    put("{apiVersion: v1, kind: Service, metadata: {name: s, creationTimestamp: null}, spec: {ports: [{port: 80, name: null}]}}"),
  ).toEqual([]);
  expect(store.get("Service", "default", "s")?.body).toEqual({ spec: { ports: [{ port: 80 }] } });
  expect(put("{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{prot: 80}]}}")).toEqual([
    'UnknownField spec.ports[0].prot: Unknown field "prot". (Did you mean "port"?)',
    "SchemaViolation spec.ports[0].port: Required, but missing.",
  ]);
});

test("no value of a Secret is ever shown", () => {
  const problems = put("{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {password: 12345, key: '!hunter2!'}}");
  expect(problems).toHaveLength(2);
  expect(problems.join()).not.toMatch(/12345|hunter2/);
});

test("a Secret's stringData becomes data", () => {
  expect(put("{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: eA==, b: eA==}, stringData: {b: hi}}")).toEqual([]);
  expect(store.get("Secret", "default", "s")?.body).toEqual({ data: { a: "eA==", b: "aGk=" } });
});

test("what only tools write into an object is no change", () => {
  const written = (annotation: string, status: string): string =>
    `{apiVersion: v1, kind: Service, metadata: {name: s, annotations: {kubectl.kubernetes.io/last-applied-configuration: ${annotation}}}, spec: {}, status: ${status}}`;
  put(written("a", "{}"));
  store.takeChanges();
  put(written("b", "{loadBalancer: {}}"));
  expect(store.takeChanges()).toEqual([]);
});

test("a pattern whose groups repeat takes linear time", () => {
  const beganMs = cpuMs();
  const timeout = `${"1".repeat(60)}!`;
  const problems = put(
    `{apiVersion: fairway.dev/v1alpha1, kind: ServersTransport, metadata: {name: t}, spec: {forwardingTimeouts: {dialTimeout: "${timeout}"}}}`,
  );
  expect(problems.join()).toMatch(/^SchemaViolation spec\.forwardingTimeouts\.dialTimeout: /);
  expect(cpuMs() - beganMs).toBeLessThan(1_000);
});

import { expect, test } from "vitest";
import { objectKey } from "../../model/object-ref.ts";
import { problem } from "../../model/problem-codes.ts";
import { ApiError, ApiUnreachable } from "../api/api.ts";
import { ingress, KeeperCase, middleware, proxies, route, service } from "./keeper-case.ts";

/** A keeper with a Service `web` and these proxies behind the proxies' Service, all connected. */
async function serving(...names: readonly string[]): Promise<KeeperCase> {
  const cluster = new KeeperCase();
  await cluster.change([service(), ...proxies(...names)], ...names);
  return cluster;
}

test("a route that all proxies run is told so in one write", async () => {
  const cluster = await serving("p1", "p2");
  await cluster.change([route("a")], "p1", "p2");
  expect(cluster.status("IngressRoute", "a")).toMatchObject({ observedGeneration: 1, hosts: ["a.example"] });
  for (const type of ["Accepted", "ResolvedRefs", "Programmed", "Ready"]) {
    expect(cluster.condition("IngressRoute", "a", type)).toBe(`True ${type}`);
  }
  await cluster.pass(10_000);
  expect(cluster.writes()).toEqual({ "IngressRoute/shop/a": 1 });
  expect(cluster.keeper.waiting).toBe(0);
});

test("when a proxy does not answer within a second, how many run it is told, and once more when all do", async () => {
  const cluster = await serving("p1", "p2", "p3");
  await cluster.change([route("a")], "p1");
  expect(cluster.writes()).toEqual({});
  await cluster.pass(1_000);
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("False Pending");
  expect(cluster.status("IngressRoute", "a")?.conditions).toContainEqual(
    expect.objectContaining({ message: "1 of 3 proxies run it." }),
  );
  cluster.answer("p2");
  await cluster.pass(5_000);
  expect(cluster.writes()).toEqual({ "IngressRoute/shop/a": 1 });
  cluster.answer("p3");
  await cluster.pass(1);
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("True Programmed");
  await cluster.pass(60_000);
  expect(cluster.writes()).toEqual({ "IngressRoute/shop/a": 2 });
});

test("proxies that join, lag or leave afterwards write nothing", async () => {
  const cluster = await serving("p1", "p2");
  await cluster.change([route("a")], "p1", "p2");
  cluster.put(...proxies("p1", "p2", "p3"));
  cluster.run();
  cluster.keeper.onGone("p2", "fairway");
  await cluster.change([route("b")], "p1");
  await cluster.pass(10_000);
  expect(cluster.writes()).toEqual({ "IngressRoute/shop/a": 1, "IngressRoute/shop/b": 1 });
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("True Programmed");
});

test("a new generation that makes no new bytes is programmed as soon as the current version is", async () => {
  const cluster = await serving("p1");
  await cluster.change([route("a")], "p1");
  const { version } = cluster;
  await cluster.change([route("a", "Host(`a.example`)", { priority: 0 })]);
  expect(cluster.version).toBe(version);
  expect(cluster.status("IngressRoute", "a")).toMatchObject({ observedGeneration: 2 });
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("True Programmed");
});

test("a new generation is not programmed by an answer to the version before it", async () => {
  const cluster = await serving("p1");
  await cluster.change([route("a")], "p1");
  const { version } = cluster;
  cluster.put(route("a", "Host(`other.example`)"));
  cluster.run();
  cluster.answer("p1", {}, version);
  await cluster.pass(1_100);
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("False Pending");
  cluster.answer("p1");
  await cluster.pass(10);
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("True Programmed");
});

test("without proxies that is told, and made up for when they come", async () => {
  const cluster = new KeeperCase();
  await cluster.change([service(), route("a")]);
  await cluster.pass(6_000);
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("False NoProxies");
  cluster.answer("p1");
  await cluster.pass(10);
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("True Programmed");
});

test("where the proxies' Service is not there, every connected proxy counts", async () => {
  const cluster = new KeeperCase();
  await cluster.change([service()], "p1", "p2");
  await cluster.change([route("a")], "p1");
  await cluster.pass(1_100);
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("False Pending");
  cluster.keeper.onGone("p2", "fairway");
  await cluster.pass(10);
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("True Programmed");
});

test("a proxy that refuses a rule turns Programmed false with its words, and true again when it no longer does", async () => {
  const cluster = await serving("p1", "p2");
  cluster.put(route("a"), route("b"));
  cluster.run();
  const id = cluster.resource("router", "IngressRoute", "a");
  cluster.answer("p1");
  cluster.answer("p2", { [id]: "no such matcher" });
  await cluster.pass(2_000);
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("False Refused");
  expect(cluster.condition("IngressRoute", "a", "Stalled")).toBe("True Refused");
  const { conditions, problems } = cluster.status("IngressRoute", "a") as {
    conditions: { message: string }[];
    problems: object[];
  };
  expect(conditions[2]?.message).toBe("1 of 2 proxies refuse the rule Host(`a.example`): no such matcher");
  expect(problems).toMatchObject([{ severity: "error", code: "ResourceRefused" }]);
  expect(cluster.condition("IngressRoute", "b", "Ready")).toBe("True Ready");
  cluster.answer("p2");
  await cluster.pass(2_000);
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("True Programmed");
  expect(cluster.writes()["IngressRoute/shop/b"]).toBe(1);
});

test("a refused middleware is told to itself and to the routes that use it, also long after", async () => {
  const cluster = await serving("p1");
  const uses = { middlewares: [{ name: "strip" }] };
  await cluster.change(
    [middleware("strip", { stripPrefix: { prefixes: ["/a"] } }), route("a", undefined, uses), route("b")],
    "p1",
  );
  await cluster.pass(120_000);
  cluster.answer("p1", { [cluster.resource("middleware", "Middleware", "strip")]: "cannot be built" });
  await cluster.pass(2_000);
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("False Refused");
  expect(cluster.condition("IngressRoute", "b", "Programmed")).toBe("True Programmed");
  const { controllers } = cluster.status("Middleware", "strip") as { controllers: { conditions: object[] }[] };
  expect(controllers[0]?.conditions).toContainEqual(
    expect.objectContaining({
      type: "Accepted",
      status: "False",
      reason: "ResourceRefused",
      message: "A proxy refuses it: cannot be built",
    }),
  );
});

test("a reference that comes later is resolved only when proxies run it, and keeps Programmed", async () => {
  const cluster = await serving("p1");
  await cluster.change([route("a", undefined, { middlewares: [{ name: "later" }] })], "p1");
  expect(cluster.condition("IngressRoute", "a", "ResolvedRefs")).toBe("False MiddlewareNotFound");
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("True Programmed");
  expect(cluster.condition("IngressRoute", "a", "Ready")).toBe("False MiddlewareNotFound");
  expect(cluster.condition("IngressRoute", "a", "Stalled")).toBeUndefined();
  await cluster.change([middleware("later", { stripPrefix: { prefixes: ["/a"] } })]);
  expect(cluster.condition("IngressRoute", "a", "Ready")).toBe("False MiddlewareNotFound");
  cluster.answer("p1");
  await cluster.pass(10);
  expect(cluster.condition("IngressRoute", "a", "Ready")).toBe("True Ready");
  expect(cluster.writes()["IngressRoute/shop/a"]).toBe(2);
});

test("a condition keeps its time until its status changes", async () => {
  const cluster = await serving("p1");
  await cluster.change([route("a")], "p1");
  const times = () => {
    const { conditions } = cluster.status("IngressRoute", "a") as { conditions: Record<string, string>[] };
    return Object.fromEntries(conditions.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]));
  };
  const before = times();
  await cluster.pass(60_000);
  await cluster.change([route("a", undefined, { middlewares: [{ name: "none" }] })], "p1");
  const after = times();
  expect(after).toMatchObject({ Accepted: before.Accepted, Programmed: before.Programmed });
  expect(after.ResolvedRefs).not.toBe(before.ResolvedRefs);
  expect(after.Ready).not.toBe(before.Ready);
});

test("an Ingress gets addresses when it is programmed, keeps them, and gives them back when it leaves the class", async () => {
  const cluster = await serving("p1", "p2");
  await cluster.change([ingress("a"), ingress("other", "web", "nginx")], "p1");
  await cluster.pass(3_000);
  expect(cluster.status("Ingress", "a")).toBeUndefined();
  cluster.answer("p2");
  await cluster.pass(10);
  expect(cluster.status("Ingress", "a")).toEqual({ loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } });
  await cluster.change([ingress("a", "gone")], "p1");
  expect(cluster.status("Ingress", "a")).toEqual({ loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } });
  await cluster.change([ingress("a", "web", "nginx")], "p1", "p2");
  expect(cluster.status("Ingress", "a")?.loadBalancer).toBeUndefined();
  expect(cluster.writes()).toEqual({ "Ingress/shop/a": 2 });
});

test("a route that leaves the class loses what was written, and what others wrote stays", async () => {
  const cluster = await serving("p1");
  await cluster.change([route("a")], "p1");
  const { conditions, ...rest } = cluster.status("IngressRoute", "a") as { conditions: object[] };
  const foreign = { type: "example.com/Checked", status: "True", reason: "Fine", message: "" };
  await cluster.change([{ ...route("a"), status: { ...rest, conditions: [...conditions, foreign] } }], "p1");
  await cluster.change([{ ...route("a"), spec: { ...(route("a").spec as object), ingressClassName: "other" } }], "p1");
  expect(cluster.status("IngressRoute", "a")).toEqual({ conditions: [foreign] });
  expect(cluster.writes()).toEqual({ "IngressRoute/shop/a": 2 });
});

test("two controllers on one Middleware keep to their own entries", async () => {
  const one = await serving("p1");
  const two = new KeeperCase({ api: one.api, time: one.time, controllerName: "example.com/other" });
  two.watch();
  two.run();
  await one.change([middleware("strip", { stripPrefix: { prefixes: ["/a"] } })]);
  two.watch();
  two.run();
  for (let step = 0; step < 20; step += 1) {
    await one.pass(500);
    two.watch();
  }
  const controllers = one.status("Middleware", "strip")?.controllers as { controllerName: string; kind: string }[];
  expect(controllers.map(({ controllerName, kind }) => [controllerName, kind]).sort()).toEqual([
    ["example.com/other", "stripPrefix"],
    ["fairway.dev/ingress-controller", "stripPrefix"],
  ]);
  expect(one.writes()).toEqual({ "Middleware/shop/strip": 2 });
});

test("what somebody else writes over ours is put right three times, and then left", async () => {
  const cluster = await serving("p1");
  await cluster.change([route("a")], "p1");
  for (let round = 0; round < 6; round += 1) {
    const object = cluster.api.get("IngressRoute", "shop", "a") as ReturnType<typeof route>;
    cluster.put({ ...object, status: { ...(object.status as object), hosts: [`wrong-${round}.example`] } });
    await cluster.pass(1_000);
  }
  expect(cluster.writes()).toEqual({ "IngressRoute/shop/a": 4 });
  expect(cluster.status("IngressRoute", "a")).toMatchObject({ hosts: ["wrong-5.example"] });
});

test("a new holder writes only what differs", async () => {
  const first = await serving("p1");
  await first.change([route("a"), route("b"), ingress("i"), middleware("m", { stripPrefix: { prefixes: ["/"] } })], "p1");
  await first.pass(1_000);
  first.keeper.setHolder(false);
  const before = first.writes();
  first.api.put(route("b", "Host(`new.example`)"));
  const second = new KeeperCase({ api: first.api, time: first.time, isHolder: false });
  second.watch();
  second.run();
  second.keeper.setHolder(true);
  await second.pass(3_000);
  expect(second.writes()).toEqual(before);
  second.answer("p1");
  await second.pass(10_000);
  expect(second.writes()).toEqual({ ...before, "IngressRoute/shop/b": 2 });
  expect(second.status("IngressRoute", "b")).toMatchObject({ observedGeneration: 2, hosts: ["new.example"] });
});

test("a new holder to which no proxy comes believes what the one before it wrote", async () => {
  const first = await serving("p1", "p2");
  const second = new KeeperCase({ api: first.api, time: first.time, isHolder: false });
  first.put(route("a"));
  first.run();
  second.watch();
  second.run();
  first.answer("p1");
  await first.pass(2_000);
  second.watch();
  expect(first.condition("IngressRoute", "a", "Programmed")).toBe("False Pending");
  first.answer("p2");
  await first.pass(100);
  second.watch();
  first.keeper.setHolder(false);
  second.keeper.setHolder(true);
  await second.pass(60_000);
  expect(second.condition("IngressRoute", "a", "Programmed")).toBe("True Programmed");
  expect(second.writes()).toEqual({ "IngressRoute/shop/a": 2 });
});

test("who is not the holder writes nothing", async () => {
  const cluster = new KeeperCase({ isHolder: false });
  await cluster.change([service(), route("a"), ingress("i", "none")], "p1");
  await cluster.pass(20_000);
  expect(cluster.api.requests).toEqual([]);
});

test("an object that is gone is forgotten, whether it is known or found out by writing", async () => {
  const cluster = await serving("p1", "p2");
  await cluster.change([route("a"), route("b")], "p1");
  cluster.remove("IngressRoute", "a");
  cluster.run();
  cluster.api.remove("IngressRoute", "shop", "b");
  cluster.answer("p1");
  cluster.answer("p2");
  await cluster.pass(5_000);
  expect(cluster.keeper.waiting).toBe(0);
  expect(cluster.writes()["IngressRoute/shop/b"]).toBe(1);
});

test("failures are tried again: what the server cannot take now, and what it says of one object", async () => {
  const cluster = await serving("p1");
  const errors = [
    new ApiUnreachable("refused"),
    new ApiError(503, "ServiceUnavailable", "no"),
    new ApiError(409, "Conflict", "no"),
    new ApiError(422, "Invalid", "no"),
  ];
  cluster.api.intercept = ({ method }) => {
    const error = method === "PATCH" ? errors.shift() : undefined;
    if (error !== undefined) throw error;
  };
  await cluster.change([route("a")], "p1");
  await cluster.pass(10_000);
  expect(cluster.condition("IngressRoute", "a", "Ready")).toBe("True Ready");
  expect(cluster.troubles).toHaveLength(4);
  expect(cluster.keeper.waiting).toBe(0);
});

test("a cold start writes 400 statuses a second, and a change among them at once", async () => {
  const cluster = new KeeperCase();
  for (let index = 0; index < 1_000; index += 1) cluster.api.put(route(`r${index}`));
  await cluster.change([service()], "p1");
  cluster.put(route("urgent"));
  cluster.run();
  cluster.answer("p1");
  await cluster.time.pass(100);
  expect(cluster.condition("IngressRoute", "urgent", "Ready")).toBe("True Ready");
  expect(cluster.keeper.waiting).toBeGreaterThan(800);
  await cluster.time.pass(2_400);
  expect(cluster.keeper.waiting).toBe(0);
  expect(Object.values(cluster.writes()).every((count) => count === 1)).toBe(true);
});

test("a proxy that refuses, and does not, and refuses again makes two writes, and what holds after a minute one more", async () => {
  const cluster = await serving("p1");
  await cluster.change([route("a")], "p1");
  const refused = { [cluster.resource("router", "IngressRoute", "a")]: "no" };
  for (const refuses of [refused, {}, refused, {}, refused]) {
    cluster.answer("p1", refuses);
    await cluster.pass(2_000);
  }
  expect(cluster.writes()).toEqual({ "IngressRoute/shop/a": 2 });
  cluster.answer("p1");
  await cluster.pass(1_500);
  cluster.answer("p1", refused);
  await cluster.pass(90_000);
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("False Refused");
  cluster.answer("p1");
  await cluster.pass(90_000);
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("True Programmed");
  expect(cluster.writes()).toEqual({ "IngressRoute/shop/a": 3 });
});

test("a FairwayClass says its entry points and how many proxies it has, and is programmed with its class", async () => {
  const fairwayClass = {
    apiVersion: "fairway.dev/v1alpha1",
    kind: "FairwayClass",
    metadata: { name: "edge" },
    spec: { publish: { addresses: ["192.0.2.1"] } },
  };
  const cluster = new KeeperCase({ class: { origin: { kind: "FairwayClass", namespace: "", name: "edge" } } });
  await cluster.change([service(), ...proxies("p1", "p2"), fairwayClass], "p1");
  await cluster.pass(6_000);
  const status = () => cluster.status("FairwayClass", "edge", "");
  expect(status()).toMatchObject({ proxies: { connected: 1, programmed: 1 }, entryPoints: ["web"] });
  cluster.answer("p2");
  await cluster.pass(100);
  expect(status()).toMatchObject({ proxies: { connected: 2, programmed: 2 } });
  const { conditions } = status() as { conditions: { type: string; status: string }[] };
  expect(conditions.map(({ type, status: held }) => `${type} ${held}`)).toContain("Programmed True");
});

test("addresses that change are written to the Ingresses that have some", async () => {
  const addresses = ["192.0.2.1"];
  const cluster = new KeeperCase({ class: { publish: { service: null, addresses } } });
  await cluster.change([service(), ingress("a"), ...proxies("p1")], "p1");
  await cluster.pass(100);
  addresses[0] = "192.0.2.2";
  await cluster.pass(31_000);
  expect(cluster.status("Ingress", "a")).toEqual({ loadBalancer: { ingress: [{ ip: "192.0.2.2" }] } });
  expect(cluster.writes()).toEqual({ "Ingress/shop/a": 2 });
});

test("a generation that its schema refuses is told, while proxies run the one before", async () => {
  const cluster = await serving("p1");
  await cluster.change([route("a")], "p1");
  const ref = { kind: "IngressRoute", namespace: "shop", name: "a" };
  const problems = [problem("SchemaViolation", ref, "spec.routes[0].priority", "It is no number.")];
  cluster.objections.set(objectKey(ref), { generation: 2, isAccepted: false, problems });
  await cluster.change([route("a", "Host(`a.example`)", { priority: 5 })], "p1");
  expect(cluster.status("IngressRoute", "a")).toMatchObject({ observedGeneration: 2, problems: [{ code: "SchemaViolation" }] });
  expect(cluster.condition("IngressRoute", "a", "Accepted")).toBe("False SchemaViolation");
  expect(cluster.condition("IngressRoute", "a", "Programmed")).toBe("False NotAccepted");
  await cluster.pass(10_000);
  expect(cluster.writes()).toEqual({ "IngressRoute/shop/a": 2 });
  cluster.objections.clear();
  await cluster.change([route("a")], "p1");
  expect(cluster.condition("IngressRoute", "a", "Ready")).toBe("True Ready");
});

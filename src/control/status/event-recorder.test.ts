import { expect, test } from "vitest";
import { FakeApi } from "../../../test/kubernetes/fake-api.ts";
import { ProcessClock, SimulatedTime } from "../../../test/kubernetes/simulated-time.ts";
import { problem } from "../../model/problem-codes.ts";
import { ApiError } from "../api/api.ts";
import { EVENTS_PER_OBJECT_MAX, EVENTS_WAITING_MAX, EventRecorder } from "./event-recorder.ts";
import { ingress, KeeperCase, proxies, service } from "./keeper-case.ts";

const REF = { kind: "Ingress", namespace: "shop", name: "a" };
const WRONG = problem("ServiceNotFound", REF, "spec.defaultBackend", "Service does not exist.", "Make it.");

function recorderOn(api = new FakeApi(), time = new SimulatedTime()) {
  const failures: string[] = [];
  const recorder = new EventRecorder({
    api,
    clock: new ProcessClock(time),
    controllerName: "fairway.dev/ingress-controller",
    instance: "operator-1",
    uidOf: ({ name }) => (name === "a" ? "uid-of-a" : undefined),
    onFailed: ({ name }) => failures.push(name),
  });
  recorder.open();
  return { api, time, recorder, failures, events: () => api.list("Event") as unknown as readonly Record<string, unknown>[] };
}

// The fake has the kind Event in two groups, and finds the first: they are counted by requests.
function told(api: FakeApi): readonly Record<string, unknown>[] {
  return api.requests.filter(({ method }) => method === "POST").map(({ body }) => body as Record<string, unknown>);
}

test("a problem becomes an Event about its object, as kubectl describe wants it", async () => {
  const { api, time, recorder } = recorderOn();
  recorder.tell(REF, 2, [WRONG]);
  await time.pass(10);
  expect(told(api)).toEqual([
    {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: expect.stringMatching(/^a\.[0-9a-f]{24}$/), namespace: "shop" },
      eventTime: "2026-01-01T00:00:00.000000Z",
      type: "Warning",
      reason: "ServiceNotFound",
      action: "Compile",
      note: "spec.defaultBackend: Service does not exist. Make it.",
      regarding: { apiVersion: "networking.k8s.io/v1", ...REF, uid: "uid-of-a" },
      reportingController: "fairway.dev/ingress-controller",
      reportingInstance: "operator-1",
    },
  ]);
});

test("it is told once for a generation, also by the next holder, and again for the next generation", async () => {
  const first = recorderOn();
  for (let round = 0; round < 3; round += 1) {
    first.recorder.tell(REF, 1, [WRONG]);
    await first.time.pass(1_000);
  }
  expect(told(first.api)).toHaveLength(1);
  const second = recorderOn(first.api, first.time);
  second.recorder.tell(REF, 1, [WRONG]);
  second.recorder.tell(REF, 2, [WRONG]);
  await second.time.pass(1_000);
  expect(second.failures).toEqual([]);
  const names = told(first.api).map(({ metadata }) => (metadata as { name: string }).name);
  expect(new Set(names).size).toBe(2);
});

test("infos are not told, and of one object no more than a few", async () => {
  const { api, time, recorder } = recorderOn();
  const many = Array.from({ length: 30 }, (_, index) => problem("InvalidRule", REF, `spec.rules[${index}]`, "No."));
  recorder.tell(REF, 1, [problem("UnusedMiddleware", REF, "", "No route uses it."), ...many]);
  await time.pass(10_000);
  expect(told(api)).toHaveLength(EVENTS_PER_OBJECT_MAX);
});

test("many are told slowly, and no more wait than a limit", async () => {
  const { api, time, recorder } = recorderOn();
  for (let index = 0; index < 3_000; index += 1) {
    const ref = { ...REF, name: `n${index}` };
    recorder.tell(ref, 1, [problem("InvalidRule", ref, "", "No.")]);
  }
  await time.pass(1_000);
  expect(told(api).length).toBeLessThanOrEqual(35);
  await time.pass(200_000);
  expect(told(api)).toHaveLength(EVENTS_WAITING_MAX);
}, 60_000);

test("without the right to write Events it gives up on each, and says so", async () => {
  const { api, time, recorder, failures } = recorderOn();
  api.intercept = () => {
    throw new ApiError(403, "Forbidden", "no");
  };
  recorder.tell(REF, 1, [WRONG]);
  await time.pass(600_000);
  expect(api.requests).toHaveLength(1);
  expect(failures).toEqual(["a"]);
});

test("an Ingress that misses its Service is told by an Event, and a Service without endpoints too", async () => {
  const cluster = new KeeperCase();
  await cluster.change([service(), ...proxies("p1"), ingress("a", "none"), ingress("b")], "p1");
  await cluster.pass(2_000);
  const said = told(cluster.api).map(
    ({ reason, regarding }) => `${reason} ${(regarding as { kind: string; name: string }).kind}`,
  );
  expect(said.sort()).toEqual(["NoEndpoints Service", "ServiceNotFound Ingress"]);
});

test("a problem that is over within a second is not told", async () => {
  const cluster = new KeeperCase();
  await cluster.change([service(), ...proxies("p1")], "p1");
  await cluster.change([ingress("a")]);
  const slice = proxies("x")[1] as unknown as { metadata: object };
  await cluster.change([
    { ...slice, metadata: { name: "web-1", namespace: "shop", labels: { "kubernetes.io/service-name": "web" } } } as never,
  ]);
  await cluster.pass(5_000);
  expect(told(cluster.api)).toEqual([]);
});

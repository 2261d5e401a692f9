import { afterEach, expect, test } from "vitest";
import { FakeApi } from "../../../../test/kubernetes/fake-api.ts";
import { systemClock } from "../../../kernel/clock.ts";
import { type LogFields, silentLogger } from "../../../telemetry/log.ts";
import { ApiError, ApiUnreachable } from "../../api/api.ts";
import { definitionFiles, Operator, type OperatorOptions } from "./operator.ts";

const quickClock = {
  now: () => systemClock.now(),
  monotonicMs: () => systemClock.monotonicMs() * 50,
  after: (delayMs: number, run: () => void) => systemClock.after(delayMs / 50, run),
};
const settled = { interval: 1, timeout: 5_000 };
const FILES = definitionFiles().filter((file) => /middlewaretcps|ingressrouteudps/.test(file));
const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const running: Operator[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((operator) => operator.end()));
});

/** An operator whose source tells when it starts and stops. */
function operator(api: FakeApi, options: Partial<OperatorOptions> = {}) {
  const source: string[] = [];
  const warnings: { readonly message: string; readonly fields: LogFields }[] = [];
  const made = new Operator({
    api,
    kubeConfig: { getCurrentCluster: () => null } as unknown as OperatorOptions["kubeConfig"],
    source: {
      start: async () => void source.push("start"),
      stop: async () => void source.push("stop"),
    },
    definitions: FILES,
    log: { ...silentLogger, warn: (message, fields = {}) => warnings.push({ message, fields }) },
    clock: quickClock,
    ...options,
  });
  running.push(made);
  return { operator: made, source, warnings };
}

/** The API server begins to serve what is defined a little after it was applied. */
function establishing(api: FakeApi): void {
  const conditions = [
    { type: "NamesAccepted", status: "True" },
    { type: "Established", status: "True" },
  ];
  api.intercept = ({ method }) => {
    if (method !== "GET") return;
    for (const each of api.list("CustomResourceDefinition"))
      if (each.status === undefined) api.put({ ...each, status: { conditions } });
  };
}

test("the definitions are installed before anything is watched, and once more changes nothing", async () => {
  const api = new FakeApi();
  establishing(api);
  const first = operator(api);
  await first.operator.start();
  expect(first.source).toEqual(["start"]);
  const installed = api.list("CustomResourceDefinition");
  expect(installed.map(({ metadata }) => metadata.name)).toEqual(["ingressrouteudps.fairway.dev", "middlewaretcps.fairway.dev"]);
  await operator(api).operator.start();
  expect(api.list("CustomResourceDefinition")).toEqual(installed);
});

test("a definition that was changed by hand is brought back to what we ship, and what others added stays", async () => {
  const api = new FakeApi();
  establishing(api);
  await operator(api).operator.start();
  const name = "ingressrouteudps.fairway.dev";
  const shipped = api.get("CustomResourceDefinition", "", name)?.spec as { group: string };
  await api.request({
    method: "PATCH",
    path: `${CRDS}/${name}`,
    body: { metadata: { labels: { team: "a" } }, spec: { group: "x" } },
  });
  await operator(api).operator.start();
  const mended = api.get("CustomResourceDefinition", "", name);
  expect(mended?.spec).toEqual(shipped);
  expect(mended?.metadata.labels).toMatchObject({ team: "a" });
});

test("what is shipped are the definitions of our kinds", () => {
  expect(definitionFiles()).toHaveLength(11);
});

test("without being asked to it installs nothing", async () => {
  const api = new FakeApi();
  const { operator: made, source } = operator(api, { definitions: [] });
  await made.start();
  expect(source).toEqual(["start"]);
  expect(api.requests).toEqual([]);
});

test("a server that is away is waited for; one that refuses is not", async () => {
  const api = new FakeApi();
  let failures = 3;
  const away = new FakeApi();
  establishing(away);
  const established = away.intercept;
  away.intercept = (request) => {
    if (failures-- > 0) throw new ApiUnreachable("refused");
    return established(request);
  };
  const patient = operator(away);
  await patient.operator.start();
  expect(patient.source).toEqual(["start"]);
  expect(patient.warnings).toHaveLength(3);
  api.intercept = () => {
    throw new ApiError(403, "Forbidden", "may not install");
  };
  const refused = operator(api);
  await expect(refused.operator.start()).rejects.toThrow("may not install");
  expect(refused.source).toEqual([]);
});

test("a definition of ours that is removed is told, others are not, and the process goes on", async () => {
  const api = new FakeApi();
  establishing(api);
  api.put({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "cars.example.com" },
    spec: {},
  });
  const { operator: made, warnings } = operator(api);
  await made.start();
  await expect.poll(() => api.watching, settled).toEqual([CRDS]);
  api.endWatches(new ApiUnreachable("reset"));
  api.remove("CustomResourceDefinition", "", "cars.example.com");
  api.remove("CustomResourceDefinition", "", "middlewaretcps.fairway.dev");
  await expect
    .poll(() => warnings.filter(({ message }) => message === "a definition was removed"), settled)
    .toMatchObject([{ fields: { name: "middlewaretcps.fairway.dev" } }]);
});

test("it ends while a definition is still awaited", async () => {
  const { operator: made, source } = operator(new FakeApi());
  const started = made.start();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await made.end();
  await started;
  expect(source).toEqual(["stop"]);
});

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { controllerEntry, routeStatus, type StatusFrame } from "../../src/control/status/object-status.ts";
import type { Programming } from "../../src/control/status/programming.ts";
import { STATUS_KINDS } from "../../src/control/status/status-kinds.ts";
import type { Problem } from "../../src/model/problem.ts";
import { problem } from "../../src/model/problem-codes.ts";

const FOLDER = new URL("../../config/argocd/component/", import.meta.url);
const REF = { kind: "IngressRoute", namespace: "shop", name: "a" };
const FRAME: StatusFrame = { controllerName: "test", observedGeneration: 2, before: new Map(), now: "2026-01-01T00:00:00Z" };
const WRONG = problem("InvalidRule", REF, "spec.routes[0].match", "No.");
const MISSING = problem("ServiceNotFound", REF, "spec.routes[0].services[0]", 'Service "shop/web" does not exist.');
const PROGRAMMED: Programming = { state: "programmed" };

interface Component {
  readonly configMapGenerator: readonly { readonly files: readonly string[] }[];
}

let lua: string | null = null;

beforeAll(() => {
  lua = ["lua5.4", "lua5.3", "lua"].find((program) => spawnSync(program, ["-v"]).status === 0) ?? null;
  if (lua === null) console.error("\nSKIPPED: the health checks for Argo CD were not run: there is no lua (Debian: lua5.4)\n");
});

function onlyWithLua(): void {
  beforeEach((context) => {
    if (lua === null) context.skip("there is no lua on this machine");
  });
}

/** What a check says of an object: its status and message. */
function health(script: string, object: object): readonly string[] {
  const source = readFileSync(new URL(script, FOLDER), "utf8");
  const program = `local obj = ${toLua(object)}\nlocal h = (function()\n${source}\nend)()\nio.write(h.status, "\\n", h.message)`;
  const { status, stdout, stderr } = spawnSync(lua ?? "", ["-"], { input: program, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return stdout.split("\n");
}

/** A JSON value as Lua writes it. */
function toLua(value: unknown): string {
  if (value === null || value === undefined) return "nil";
  if (Array.isArray(value)) return `{${value.map(toLua).join(", ")}}`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(([name, member]) => `["${name}"] = ${toLua(member)}`)
      .join(", ")}}`;
  return typeof value === "string" ? `"${value.replace(/[\\"\n]/g, (character) => `\\${character}`)}"` : String(value);
}

function route(problems: readonly Problem[], programming = PROGRAMMED, generation = 2): object {
  const status = routeStatus({ problems, hasEffect: true, programming, isCurrent: true }, [], FRAME);
  return { metadata: { generation }, status };
}

function shared(problems: readonly Problem[], generation = 2, ...others: readonly object[]): object {
  return { metadata: { generation }, status: { controllers: [...others, controllerEntry(problems, "stripPrefix", FRAME)] } };
}

describe("a route", () => {
  onlyWithLua();

  test.each<[string, object, string]>([
    ["without status", { metadata: { generation: 1 } }, "Progressing"],
    ["that nobody has seen", { metadata: { generation: 1 }, status: { observedGeneration: -1 } }, "Progressing"],
    ["whose newest generation has not been seen", route([], PROGRAMMED, 3), "Progressing"],
    [
      "that is being deleted",
      { ...route([]), metadata: { generation: 2, deletionTimestamp: "2026-01-01T00:00:00Z" } },
      "Progressing",
    ],
    ["that all proxies run", route([]), "Healthy"],
    ["that some proxies run", route([], { state: "pending", running: 1, proxies: 2, said: "" }), "Progressing"],
    ["that misses something", route([MISSING]), "Progressing"],
    ["that is wrong", route([WRONG]), "Degraded"],
    [
      "that a proxy refuses",
      route([], { state: "refused", refusal: { part: "it", reason: "no" }, refusing: 1, proxies: 1 }),
      "Degraded",
    ],
  ])("%s", (_, object, expected) => {
    const [status, message] = health("route.lua", object);
    expect(status).toBe(expected);
    expect(message).not.toBe("");
  });

  test("says in words what is wrong", () => {
    expect(health("route.lua", route([WRONG]))[1]).toBe("spec.routes[0].match: No.");
    expect(health("route.lua", route([MISSING]))[1]).toContain('Service "shop/web" does not exist.');
  });
});

describe("a shared object", () => {
  onlyWithLua();

  test.each<[string, object, string]>([
    ["that no controller uses", { metadata: { generation: 1 } }, "Healthy"],
    ["that is right", shared([]), "Healthy"],
    ["that is wrong", shared([WRONG]), "Degraded"],
    ["that misses something", shared([MISSING]), "Progressing"],
    ["whose newest generation has not been seen", shared([WRONG], 3), "Progressing"],
    [
      "that one of two controllers finds wrong",
      shared([WRONG], 2, { controllerName: "b", observedGeneration: 2, conditions: [] }),
      "Degraded",
    ],
    ["that one of two controllers has not seen", shared([], 2, { controllerName: "b", observedGeneration: 1 }), "Progressing"],
  ])("%s", (_, object, expected) => {
    expect(health("shared.lua", object)[0]).toBe(expected);
  });
});

test("every kind of ours has the check of its family, and every check is used", () => {
  const component: Component = parse(readFileSync(new URL("kustomization.yaml", FOLDER), "utf8"));
  const files = component.configMapGenerator.flatMap(({ files: listed }) => listed).sort();
  const ours = [...STATUS_KINDS].filter(([, { apiVersion }]) => apiVersion.startsWith("fairway.dev/"));
  const expected = ours.map(([kind, { family }]) => {
    return `resource.customizations.health.fairway.dev_${kind}=${family === "shared" ? "shared" : "route"}.lua`;
  });
  expect(files).toEqual(expected.sort());
  expect(
    readdirSync(FOLDER)
      .filter((file) => file.endsWith(".lua"))
      .sort(),
  ).toEqual(["route.lua", "shared.lua"]);
});

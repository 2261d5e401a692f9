import { expect, test } from "vitest";
import type { Hooks } from "../../extensions/middlewares/contract.ts";
import { FAILURES } from "../../model/failure.ts";
import { LAYERS_MAX } from "../../model/router.ts";
import { makeLayer } from "../route/route-table.ts";
import type { LiveService } from "../upstream/live-load-balancer.ts";
import type { LiveRouter } from "../worker/live-router.ts";
import { facts, match, router } from "../worker/routing-case.ts";
import type { RouteSource } from "./engine.ts";
import { RouterPath } from "./router-path.ts";

const REQUEST = facts("a.test", "/");
const SERVICE = { leaf: () => null } as LiveService;

/** A router with one hook. `under` is the name of the layer under it. */
function live(name: string, rest: Partial<LiveRouter<LiveService>> = {}, under: string | null = null): LiveRouter<LiveService> {
  const data = router(name, match("PathPrefix", "/"));
  const layer = under === null ? null : makeLayer(under);
  return { data, matches: null, middlewares: [hooksOf(name)], service: SERVICE, layer, isTombstone: false, ...rest };
}

const made = new Map<string, Hooks>();
function hooksOf(name: string): Hooks {
  const hooks = made.get(name) ?? {};
  made.set(name, hooks);
  return hooks;
}

/** Layers by name; each has one router, or none. */
function routes(layers: Readonly<Record<string, LiveRouter<LiveService> | null>>): RouteSource {
  return { route: () => null, child: ({ name }) => layers[name] ?? null, isCurrent: () => true, renewService: () => {} };
}

test("hooks are those of all routers passed, outermost first, and each request begins anew", () => {
  const [inner, middle] = [live("inner"), live("middle", {}, "inner")];
  const source = routes({ middle, inner });
  const outer = live("outer", {}, "middle");
  const path = new RouterPath();
  for (let request = 0; request < 2; request++) {
    path.begin(outer);
    expect(path.hooks).toBe(outer.middlewares);
    expect(path.next(source, REQUEST)).toBe(null);
    expect(path.next(source, REQUEST)).toBe(null);
    expect(path.hooks).toEqual(["outer", "middle", "inner"].map(hooksOf));
    expect(path.next(source, REQUEST)).toBe(SERVICE);
    path.clear();
    expect(path.hooks).toEqual([]);
  }
  expect(outer.middlewares).toHaveLength(1);
});

test("what no child takes is the router's own; a tombstone ends the way after the hooks before it", () => {
  const path = new RouterPath();
  path.begin(live("own", {}, "empty"));
  expect(path.next(routes({}), REQUEST)).toBe(SERVICE);
  path.begin(live("none", { service: null }, "empty"));
  expect(path.next(routes({}), REQUEST)).toBe(FAILURES.NoRoute);
  path.begin(live("parent", {}, "dead"));
  expect(path.next(routes({ dead: live("dead", { isTombstone: true, service: null }) }), REQUEST)).toBe(FAILURES.Tombstone);
  expect(path.hooks).toEqual([hooksOf("parent")]);
});

test("a way that never ends is given up at the limit of layers", () => {
  const source = routes({ round: live("round", {}, "round") });
  const path = new RouterPath();
  path.begin(live("round", {}, "round"));
  for (let layer = 1; layer < LAYERS_MAX; layer++) expect(path.next(source, REQUEST)).toBe(null);
  expect(path.next(source, REQUEST)).toBe(FAILURES.Tombstone);
  expect(path.hooks).toHaveLength(LAYERS_MAX);
});

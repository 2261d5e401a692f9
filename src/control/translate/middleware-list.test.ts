import { expect, test } from "vitest";
import type { ResourceId } from "../../model/ids.ts";
import { ObjectStore } from "../store/object-store.ts";
import { MIDDLEWARES_MAX, resolveMiddlewares } from "./middleware-list.ts";
import { CONTROLLER_NAME, type CompileSettings } from "./settings.ts";
import type { MiddlewareFace, TranslateView } from "./translation.ts";

const SETTINGS: CompileSettings = {
  controllerName: CONTROLLER_NAME,
  classes: { select: "every", publishAs: "fairway" },
  entryPoints: [],
  allowCrossNamespace: false,
  allowExternalName: false,
  allowLoopback: false,
  operatorNamespace: "fairway-system",
};
const referrer = { kind: "IngressRoute", namespace: "one", name: "a" };

/** A world of middlewares alone: the chains that are given, and every other name a middleware that works. */
function resolve(names: readonly string[], chains: Readonly<Record<string, readonly string[]>>) {
  const middleware = (_namespace: string, name: string): MiddlewareFace => {
    const members = chains[name];
    if (members === undefined) return { status: "ready", id: name as ResourceId<"middleware"> };
    return {
      status: "chain",
      kind: "chain",
      members: members.map((member) => ({ name: member, namespace: undefined, field: "x" })),
    };
  };
  const view = Object.assign(new ObjectStore(), { middleware }) as unknown as TranslateView;
  const uses = names.map((name, index) => ({ name, field: `middlewares[${index}]` }));
  return resolveMiddlewares(uses, referrer, view, SETTINGS);
}

test("chains are expanded in place, at any depth", () => {
  expect(resolve(["a", "outer", "b"], { outer: ["c", "inner", "d"], inner: ["e"] }).ids).toEqual(["a", "c", "e", "d", "b"]);
});

test("the same middleware may stand twice, and the same chain beside itself", () => {
  expect(resolve(["a", "pair", "pair"], { pair: ["a", "b"] })).toMatchObject({ ids: ["a", "a", "b", "a", "b"], problems: [] });
});

test("a chain that leads back to itself is a cycle, named as it goes", () => {
  const { problems } = resolve(["start"], { start: ["a"], a: ["b"], b: ["a"] });
  expect(problems).toMatchObject([{ code: "MiddlewareCycle", message: expect.stringContaining('"one/a" → "one/b" → "one/a"') }]);
});

test("a list may come to the limit, and not beyond", () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);
  expect(resolve(names(MIDDLEWARES_MAX), {}).problems).toEqual([]);
  expect(resolve(names(MIDDLEWARES_MAX + 1), {}).problems).toMatchObject([
    { code: "MiddlewareInvalid", field: "middlewares[128]" },
  ]);
});

test("chains that double at every level end at the limit", () => {
  const chains = Object.fromEntries(Array.from({ length: 64 }, (_, level) => [`c${level}`, [`c${level + 1}`, `c${level + 1}`]]));
  expect(resolve(["c0"], { ...chains, c64: [] }).problems).toMatchObject([{ code: "MiddlewareInvalid" }]);
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compareRanks } from "../../src/model/rank.ts";
import type { Router } from "../../src/model/router.ts";
import { compileWorld, readWorld } from "../golden/world.ts";

/** The examples of the page: a heading, manifests, and the list of their rules in order, each as `object[position]`. */
const EXAMPLE = /^### (.+)\n[^#]*?```yaml\n([\s\S]*?)```\n\n((?:\d\. .+\n)+)/gm;

const page = readFileSync(join(import.meta.dirname, "../../docs/reference/order.md"), "utf8");
const examples = [...page.matchAll(EXAMPLE)].map(([, title = "", manifests = "", list = ""]) => ({
  title,
  manifests,
  order: [...list.matchAll(/^\d\. `(.+?)`/gm)].map(([, name]) => name),
  /** Of those that rank by the length of their text. */
  lengths: [...list.matchAll(/^\d\. `(.+?)`: (\d+) bytes$/gm)].map(([, name, length]) => [name, Number(length)]),
}));

test("the page has its examples", () => {
  expect(examples.length).toBe([...page.matchAll(/^### /gm)].length);
  expect(examples.length).toBeGreaterThanOrEqual(5);
  expect(examples.flatMap(({ lengths }) => lengths).length).toBeGreaterThanOrEqual(5);
});

test.for(examples)("the order of rules is as the page says: $title", ({ manifests, order, lengths }) => {
  const { compiler } = compileWorld(readWorld(manifests));
  const resources = [...(compiler.graph("fairway")?.resources.values() ?? [])];
  const routers = resources.filter((resource): resource is Router => "ruleText" in resource);
  const ordered = routers.sort((a, b) => compareRanks(a.rank, b.rank));
  const name = ({ origin, rank }: Router) => `${origin.name}[${rank.index}]`;
  expect(ordered.map(name)).toEqual(order);
  const priorities = new Map(ordered.map((router) => [name(router), router.rank.priority]));
  expect(lengths.map(([of]) => [of, priorities.get(of as string)])).toEqual(lengths);
});

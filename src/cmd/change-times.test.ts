import { expect, test } from "vitest";
import type { ResourceId } from "../model/ids.ts";
import { ChangeTimes } from "./change-times.ts";

const [a, b] = ["router:a", "router:b"] as ResourceId<"router">[];

test("versions that went live in one step count from the first of them", () => {
  const times = new ChangeTimes();
  times.published({ version: "1", sinceMs: 10, objects: 1, routers: [a!] });
  times.published({ version: "2", sinceMs: 20, objects: 2, routers: [a!, b!] });
  times.published({ version: "3", sinceMs: 30, objects: 1, routers: [] });
  expect(times.live("2")).toEqual({ version: "2", sinceMs: 10, objects: 3, routers: [a, b] });
  expect(times.live("3")).toEqual({ version: "3", sinceMs: 30, objects: 1, routers: [] });
  expect(times.live("3")).toBeNull();
});

test("a world that comes back to a former version is a change of its own", () => {
  const times = new ChangeTimes();
  times.published({ version: "1", sinceMs: 10, objects: 1, routers: [] });
  times.published({ version: "2", sinceMs: 20, objects: 1, routers: [] });
  times.published({ version: "1", sinceMs: 30, objects: 1, routers: [] });
  expect(times.live("1")).toMatchObject({ sinceMs: 10, objects: 3 });
});

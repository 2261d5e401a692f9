import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { pageWith } from "./performance-page.ts";

const PAGE = readFileSync(new URL("../../../docs/performance.md", import.meta.url), "utf8");

test("figures take the place of those before, and nothing else changes", () => {
  const once = pageWith(PAGE, "first\n");
  const twice = pageWith(once, "second");
  expect(once).toContain("```text\nfirst\n```");
  expect(twice).toBe(once.replace("first", "second"));
  expect(pageWith(twice, "first")).toBe(once);
});

test("a page without marks is told", () => {
  expect(() => pageWith("# Page", "x")).toThrow("no place");
});

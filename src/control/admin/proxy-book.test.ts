import { expect, test } from "vitest";
import type { ProxyAnswer } from "../../channel/proxy-stream.ts";
import { ProxyBook } from "./proxy-book.ts";

function runs(proxyId: string, version: string, whole: string | null = null): ProxyAnswer {
  return { proxyId, class: "public", version, refused: [], whole, resumed: false } as ProxyAnswer;
}

test("a change is everywhere when the last connected proxy runs it, or a later version", () => {
  const everywhere: number[] = [];
  const book = new ProxyBook((_, sinceMs) => everywhere.push(sinceMs));
  book.published("public", "v1", 100);
  book.answered(runs("a", "v1"));
  book.answered(runs("b", "v1"));
  book.published("public", "v2", 200);
  book.answered(runs("a", "v2"));
  expect(everywhere).toEqual([]);
  expect(book.counts()).toEqual([{ class: "public", connected: 2, behind: 1 }]);
  book.published("public", "v3", 300);
  book.answered(runs("b", "v3"));
  expect(everywhere).toEqual([200]);
  book.answered(runs("a", "v3"));
  expect(everywhere).toEqual([200, 300]);
  expect(book.counts()).toEqual([{ class: "public", connected: 2, behind: 0 }]);
});

test("nobody waits for a proxy that left, and a version nobody awaited is never told", () => {
  const everywhere: number[] = [];
  const book = new ProxyBook((_, sinceMs) => everywhere.push(sinceMs));
  book.published("public", "v1", 100);
  book.answered(runs("a", "v1"));
  book.answered(runs("slow", "v1"));
  book.published("public", "v2", 200);
  book.answered(runs("a", "v2"));
  book.gone("slow", "public");
  expect(everywhere).toEqual([200]);
  book.gone("a", "public");
  expect(book.counts()).toEqual([{ class: "public", connected: 0, behind: 0 }]);
});

test("a proxy that refuses a version as a whole, or runs one that is not known, is behind", () => {
  const book = new ProxyBook(() => {});
  book.published("public", "v1", 100);
  book.answered(runs("a", "v1"));
  book.answered(runs("old", "v0"));
  book.published("public", "v2", 200);
  book.answered(runs("a", "v2", "no worker took it"));
  expect(book.counts()).toEqual([{ class: "public", connected: 2, behind: 2 }]);
});

import { expect, test } from "vitest";
import type { ProxyAnswer } from "../../channel/proxy-stream.ts";
import { resourceId } from "../../model/ids.ts";
import { RefusalBook } from "./refusal-book.ts";

const ROUTE = { kind: "IngressRoute", namespace: "shop", name: "web" };
const ID = resourceId("router", ROUTE, "rule");

function answer(proxyId: string, reasons: readonly string[], whole: string | null = null): ProxyAnswer {
  const refused = reasons.map((reason) => ({ id: ID, reason }));
  return { proxyId, class: "public", version: "v1", refused, whole, resumed: false };
}

test("what proxies refuse is a problem of the object it comes from, told once with their number", () => {
  const book = new RefusalBook();
  book.answered(answer("a", ["no such middleware"]));
  book.answered(answer("b", ["no such middleware"]));
  expect(book.problems()).toMatchObject([
    { code: "ResourceRefused", severity: "error", object: ROUTE, message: "2 proxies refuse it: no such middleware" },
  ]);
});

test("it is over when the proxy takes the next version, or leaves; a refusal of a whole snapshot changes nothing", () => {
  const book = new RefusalBook();
  book.answered(answer("a", ["x"]));
  book.answered(answer("b", ["x"]));
  book.answered(answer("a", [], "no worker took it"));
  expect(book.problems()).toMatchObject([{ message: "2 proxies refuse it: x" }]);
  book.answered(answer("a", []));
  expect(book.problems()).toMatchObject([{ message: "A proxy refuses it: x" }]);
  book.gone("b", "public");
  expect(book.problems()).toEqual([]);
});

test("of one proxy no more than a thousand refusals are remembered, and of a reason no more than a line", () => {
  const book = new RefusalBook();
  const reasons = Array.from({ length: 1_001 }, (_, index) => `${index} ${"x".repeat(1_000)}`);
  book.answered(answer("a", reasons));
  const problems = book.problems();
  expect(problems).toHaveLength(1_000);
  expect(Math.max(...problems.map(({ message }) => message.length))).toBeLessThan(350);
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UNSUPPORTED_KINDS } from "../../src/control/translate/unsupported-kind.ts";

test("the README names every kind that is not supported, and no other", () => {
  const text = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
  const said = /Not in\s+yet: ([^.]*\.md[^.]*)\./.exec(text)?.[1] ?? "";
  const routes = ["IngressRouteTCP", "IngressRouteUDP"];
  expect([...said.matchAll(/`(\w+)`/g)].map(([, kind]) => kind).sort()).toEqual([...UNSUPPORTED_KINDS, ...routes].sort());
});

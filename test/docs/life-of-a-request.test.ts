import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { FAILURES } from "../../src/model/failure.ts";
import { EDITS_MAX } from "../../src/proxy/http1/header-edits.ts";
import * as limits from "../../src/proxy/http1/limits.ts";
import { replyTo } from "../../src/proxy/pipeline/reply.ts";

const ROOT = join(import.meta.dirname, "../..");
const PAGE = join(ROOT, "docs/life-of-a-request.md");
const page = readFileSync(PAGE, "utf8");

function found(pattern: RegExp): string[] {
  return [...page.matchAll(pattern)].map(([, text = ""]) => text);
}

test("the page names every failure there is, once, with its status", () => {
  const named = [...page.matchAll(/`([A-Z][A-Za-z]+)` \((\d{3})\)/g)].map(([, code, status]) => `${code} ${status}`);
  expect(named.sort()).toEqual(
    Object.values(FAILURES)
      .map((failure) => `${failure.code} ${replyTo(failure).status}`)
      .sort(),
  );
});

test("every file and page it names is there", () => {
  const files = found(/`(src\/[^`]+)`/g);
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  expect(found(/\]\(([^)]+)\)/g).filter((link) => !existsSync(join(dirname(PAGE), link)))).toEqual([]);
});

test("every limit and timeout it names is there", () => {
  const known = new Set([...Object.keys({ ...limits, EDITS_MAX }), ...Object.keys(limits.TIMEOUTS)]);
  const named = found(/`([A-Z]+(?:_[A-Z]+)+|[a-z]+[A-Za-z]*Ms)`/g);
  expect(named.length).toBeGreaterThan(4);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

test("every state of a connection it names is one", () => {
  const source = readFileSync(join(ROOT, "src/proxy/http1/connection-state.ts"), "utf8");
  const states = found(/state\s+`([a-z]+)`/g);
  expect(states.length).toBeGreaterThan(3);
  expect(states.filter((state) => !source.includes(`"${state}"`))).toEqual([]);
});

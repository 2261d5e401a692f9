import { fail, ok } from "../kernel/result.ts";
import type { Matcher, MatcherTable } from "./matcher.ts";

/** A small table of matchers for the tests of this folder, which may not know the real ones: each form of key appears once. */

const host: Matcher<string> = {
  name: "Host",
  arity: { min: 1, max: 1 },
  parse: ([name]) => ok(name as string),
  test: (facts, name) => name === "*" || (name.startsWith("*.") ? facts.host.endsWith(name.slice(1)) : facts.host === name),
  key: (name) => {
    if (name === "*") return { on: "host", form: "any" };
    return name.startsWith("*.")
      ? { on: "host", form: "wildcard", value: name.slice(2) }
      : { on: "host", form: "exact", value: name };
  },
};

const hostPattern: Matcher<string> = {
  name: "HostPattern",
  arity: { min: 1, max: 1 },
  cost: 16,
  parse: ([part]) =>
    part === "(" ? fail({ argument: 0, code: "InvalidRegex", message: "open group", hint: "close it" }) : ok(part as string),
  test: (facts, part) => facts.host.includes(part),
  key: () => ({ on: "host", form: "regex" }),
};

const path: Matcher<string> = {
  name: "Path",
  arity: { min: 1, max: 1 },
  parse: ([text]) =>
    text?.startsWith("/") ? ok(text) : fail({ argument: 0, code: "InvalidRule", message: "no slash", hint: "add one" }),
  test: (facts, text) => facts.path === text,
  key: (value) => ({ on: "path", form: "exact", value }),
};

const pathPrefix: Matcher<string> = {
  ...path,
  name: "PathPrefix",
  test: (facts, text) => facts.path.startsWith(text),
  key: (value) => ({ on: "path", form: "prefix", value }),
};

const segments: Matcher<string> = {
  ...path,
  name: "Segments",
  test: (facts, text) => facts.path === text || facts.path.startsWith(`${text}/`),
  key: (value) => ({ on: "path", form: "prefix", value, loose: true }),
};

const query: Matcher<readonly string[]> = {
  name: "Query",
  arity: { min: 1, max: 2 },
  cost: 4,
  parse: (args) => ok(args),
  test: (facts, [name, value]) => facts.queryValues(name as string).includes(value ?? ""),
};

export const sampleMatchers: MatcherTable = new Map<string, Matcher>(
  [host, hostPattern, path, pathPrefix, segments, query].map((matcher) => [matcher.name, matcher as Matcher]),
);

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Rule } from "../model/rule.ts";
import { RULE_LENGTH_MAX, RULE_NESTING_MAX, RULE_TERMS_MAX } from "./limits.ts";
import { parseRule } from "./parser.ts";
import { printRule } from "./printer.ts";
import { sampleMatchers } from "./sample-matchers.ts";

const a: Rule = { op: "match", matcher: "Host", args: ["a"] };
const b: Rule = { op: "match", matcher: "Path", args: ["/b"] };
const c: Rule = { op: "match", matcher: "Query", args: ["c", "1"] };

function parsed(text: string): Rule {
  const rule = parseRule(text, sampleMatchers);
  if (!rule.ok) throw new Error(rule.error.message);
  return rule.value;
}

function refusal(text: string): string {
  const rule = parseRule(text, sampleMatchers);
  if (rule.ok) throw new Error(`accepted as ${printRule(rule.value)}`);
  expect(rule.error.message.endsWith(`at column ${rule.error.column}`)).toBe(true);
  return rule.error.hint === "" ? rule.error.message : `${rule.error.message}; ${rule.error.hint}`;
}

test.each([
  ["Host(`a`)", a],
  ['  Host ( "a" )  ', a],
  ["(((Host(`a`))))", a],
  ["host(`a`)", a],
  ["HOST(`a`)", a],
  ["Query(`c`, `1`)", c],
  ["!Host(`a`)", { op: "not", term: a }],
  ["!!Host(`a`)", { op: "not", term: { op: "not", term: a } }],
  ["Host(`a`) && Path(`/b`)", { op: "and", terms: [a, b] }],
  ["Host(`a`)\n||\tPath(`/b`)", { op: "or", terms: [a, b] }],
] satisfies [string, Rule][])("%s is read", (text, rule) => {
  expect(parsed(text)).toEqual(rule);
});

test("&& binds tighter than ||, and ! tighter than both", () => {
  expect(parsed("Host(`a`) || Path(`/b`) && !Query(`c`, `1`)")).toEqual({
    op: "or",
    terms: [a, { op: "and", terms: [b, { op: "not", term: c }] }],
  });
  expect(parsed("(Host(`a`) || Path(`/b`)) && Query(`c`,`1`)")).toEqual({ op: "and", terms: [{ op: "or", terms: [a, b] }, c] });
});

test("lists of one kind are one list, however they are put in parentheses", () => {
  const flat = { op: "and", terms: [a, b, c] };
  expect(parsed("Host(`a`) && (Path(`/b`) && Query(`c`,`1`))")).toEqual(flat);
  expect(parsed("(Host(`a`) && Path(`/b`)) && Query(`c`,`1`)")).toEqual(flat);
  expect(parsed("!(Host(`a`) && Path(`/b`))")).toEqual({ op: "not", term: { op: "and", terms: [a, b] } });
});

test("a name has four spellings and no fifth", () => {
  for (const name of ["PathPrefix", "pathprefix", "PATHPREFIX", "Pathprefix"]) {
    expect(parsed(`${name}(\`/\`)`)).toEqual({ op: "match", matcher: "PathPrefix", args: ["/"] });
  }
  expect(refusal("pathPrefix(`/`)")).toBe('unknown matcher "pathPrefix" at column 1; did you mean "PathPrefix"?');
});

test.each([
  ["", "empty rule at column 1; write for example Host(`example.com`)"],
  ["  ", "empty rule at column 3; write for example Host(`example.com`)"],
  ["Pth(`/b`)", 'unknown matcher "Pth" at column 1; did you mean "Path"?'],
  ["Teapot(`/b`)", 'unknown matcher "Teapot" at column 1; known matchers: Host, HostPattern, Path, PathPrefix, Query, Segments'],
  ["Host(`a`) &&", 'expected a matcher, "!" or "(", found the end of the rule at column 13'],
  ["&& Host(`a`)", 'expected a matcher, "!" or "(", found "&&" at column 1'],
  ["`a`", 'expected a matcher, "!" or "(", found a string at column 1'],
  ["Host(`a`) Path(`/b`)", 'expected "&&", "||" or the end of the rule, found "Path" at column 11'],
  ["(Host(`a`)", 'expected "&&", "||" or ")", found the end of the rule at column 11'],
  ["Host(`a`))", 'expected "&&", "||" or the end of the rule, found ")" at column 10'],
  ["Host", 'expected "(", found the end of the rule at column 5'],
  ["Host(a)", 'expected a string in back-quotes or double quotes, found "a" at column 6'],
  ["Host(`a`", 'expected "," or ")", found the end of the rule at column 9'],
  ["Query(`a`,)", 'expected a string in back-quotes or double quotes, found ")" at column 11'],
  ["Host(`a", "string without its closing back-quote at column 6"],
  ['Host("a', "string without its closing quote at column 6"],
  ['Host("a\nb")', "string without its closing quote at column 6"],
  ["Host('a')", `unexpected character "'" at column 6; put strings in back-quotes or double quotes`],
  ["Host(`a`) & Path(`/b`)", 'unexpected character "&" at column 11; write "&&"'],
  ["Host(`a`) | Path(`/b`)", 'unexpected character "|" at column 11; write "||"'],
  ["Host(``)", "empty argument of Host at column 6"],
  ["Query(`a`, ``)", "empty argument of Query at column 12"],
  ["Host()", "Host takes 1 argument, not 0 at column 1"],
  ["Host(`a`, `b`)", "Host takes 1 argument, not 2 at column 1; join alternatives with ||: Host(…) || Host(…)"],
  ["Query(`a`, `b`, `c`)", "Query takes 1 to 2 arguments, not 3 at column 1"],
  ["Host(`a`) && Path(`b`)", "no slash at column 19; add one"],
  ["Host(`🙂`) && Path(`b`)", "no slash at column 19; add one"],
  ['Host("a\\d")', 'unknown escape "\\\\d" at column 8; back-quoted strings need no escapes: `^/v[0-9]+\\.json$`'],
])("%j is refused, saying what is wrong and where", (text, message) => {
  expect(refusal(text)).toBe(message);
});

test("a broken regular expression has its own code", () => {
  const rule = parseRule("Host(`a`) || HostPattern(`(`)", sampleMatchers);
  expect(rule).toEqual({
    ok: false,
    error: { code: "InvalidRegex", message: "open group at column 26", hint: "close it", column: 26 },
  });
});

test("the length, the nesting and the number of matchers are bounded", () => {
  const padded = (length: number) => "Host(`a`)".padEnd(length);
  expect(parsed(padded(RULE_LENGTH_MAX))).toEqual(a);
  expect(refusal(padded(RULE_LENGTH_MAX + 1))).toMatch(/^rule longer than 65536 characters/);

  const nested = (depth: number) => `${"(".repeat(depth)}Host(\`a\`)${")".repeat(depth)}`;
  expect(parsed(nested(RULE_NESTING_MAX))).toEqual(a);
  expect(refusal(nested(RULE_NESTING_MAX + 1))).toBe("nested deeper than 64 at column 65");
  expect(refusal(`${"!".repeat(30_000)}Host(\`a\`)`)).toBe("nested deeper than 64 at column 65");

  const many = (count: number) => Array(count).fill("Host(`a`)").join("||");
  expect(parsed(many(RULE_TERMS_MAX))).toMatchObject({ op: "or" });
  expect(refusal(many(RULE_TERMS_MAX + 1))).toMatch(/^more than 4096 matchers at column/);
});

test("what is quoted in a message is cut short", () => {
  expect(refusal(`${"x".repeat(500)}(\`a\`)`).length).toBeLessThan(250);
});

/** Rules as the parser makes them: lists are flat and have at least two terms. */
const anyRule = fc.letrec<{ rule: Rule; match: Rule }>((tie) => ({
  match: fc.oneof(
    fc.record({
      op: fc.constant("match" as const),
      matcher: fc.constant("Host"),
      args: fc.tuple(fc.string({ unit: "grapheme", minLength: 1 })),
    }),
    fc.record({
      op: fc.constant("match" as const),
      matcher: fc.constant("Query"),
      args: fc.array(fc.string({ unit: "binary", minLength: 1 }), { minLength: 1, maxLength: 2 }),
    }),
  ),
  rule: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie("match"),
    tie("rule").map((term): Rule => ({ op: "not", term })),
    fc.array(tie("rule"), { minLength: 2, maxLength: 4 }).map((terms) => flat("and", terms)),
    fc.array(tie("rule"), { minLength: 2, maxLength: 4 }).map((terms) => flat("or", terms)),
  ),
})).rule;

function flat(op: "and" | "or", terms: readonly Rule[]): Rule {
  return { op, terms: terms.flatMap((term) => (term.op === op ? term.terms : [term])) };
}

test("what is printed is read back as the same rule", () => {
  fc.assert(
    fc.property(anyRule, (rule) => {
      expect(parseRule(printRule(rule), sampleMatchers)).toEqual({ ok: true, value: rule });
    }),
  );
});

test("no text makes the parser throw, and the column of an error lies in the text or just past it", () => {
  const words = fc.constantFrom(
    "Host",
    "Path",
    "Query",
    "(",
    ")",
    ",",
    "&&",
    "||",
    "!",
    "`",
    '"',
    "\\",
    "/x",
    "\\u00",
    "'",
    " ",
    "\n",
    "é",
  );
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(words, { maxLength: 40 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (written) => {
      const rule = parseRule(written, sampleMatchers);
      if (rule.ok) return;
      expect(rule.error.column).toBeGreaterThanOrEqual(1);
      expect(rule.error.column).toBeLessThanOrEqual([...written].length + 1);
    }),
    { numRuns: 1000 },
  );
});

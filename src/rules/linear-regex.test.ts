import { expect, test } from "vitest";
import { cpuMs } from "../../test/cpu-time.ts";
import { REGEX_CACHE_INSTRUCTIONS_MAX, REGEX_INSTRUCTIONS_MAX, REGEX_LENGTH_MAX } from "./limits.ts";
import { compileRegex } from "./linear-regex.ts";

function matches(pattern: string, text: string): boolean {
  const regex = compileRegex(pattern);
  if (!regex.ok) throw new Error(regex.error.message);
  return regex.value.test(text);
}

test.each([
  ["b+", "abbc", true],
  ["^b+$", "abbc", false],
  ["(?i)ABC", "xabcx", true],
  ["^\\pL+\\z", "äöü", true],
  ["^[[:digit:]]{2,3}$", "1234", false],
  ["^(?P<name>a)(?:b|c)$", "ac", true],
])("%s on %s gives %s", (pattern, text, expected) => {
  expect(matches(pattern, text)).toBe(expected);
});

test.each([
  ["a(?=b)", 'regular expression with look-ahead ("(?=")'],
  ["a(?!b)", 'regular expression with look-ahead ("(?!")'],
  ["(?<=a)b", 'regular expression with look-behind ("(?<=a)b")'],
  ["(?<!a)b", 'regular expression with look-behind ("(?<!a)b")'],
  ["(a)\\1", 'regular expression with a back-reference ("\\\\1")'],
  ["(?P<x>a)(?P=x)", 'regular expression with a back-reference ("(?P")'],
  ["(?>a)", 'regular expression with an atomic group ("(?>")'],
  ["a(", 'invalid regular expression: missing closing ) ("a(")'],
  ["[", 'invalid regular expression: missing closing ] ("[")'],
  ["*", 'invalid regular expression: missing argument to repetition operator ("*")'],
  ["a{1001}", 'invalid regular expression: invalid repeat count ("{1001}")'],
])("%s is refused plainly", (pattern, message) => {
  const regex = compileRegex(pattern);
  expect(regex.ok ? "accepted" : regex.error.message).toBe(message);
});

test("the length and the cost of a pattern are bounded", () => {
  const refusal = (pattern: string) => {
    const regex = compileRegex(pattern);
    return regex.ok ? null : regex.error.message;
  };
  expect(refusal("x".repeat(REGEX_LENGTH_MAX))).toBeNull();
  expect(refusal("x".repeat(REGEX_LENGTH_MAX + 1))).toBe("regular expression longer than 4096 characters");
  expect(refusal("(\\pL{10}x){99}|".repeat(10))).toBeNull();
  expect(refusal("(\\pL{10}x){99}|".repeat(40))).toBe("regular expression too costly");
});

test("a pattern that makes a backtracking engine hang takes linear time", () => {
  const regex = compileRegex("^(a+)+$");
  if (!regex.ok) throw new Error(regex.error.message);
  const startedMs = cpuMs();
  expect(regex.value.test(`${"a".repeat(20_000)}!`)).toBe(false);
  expect(cpuMs() - startedMs).toBeLessThan(1000);
});

test("one text is compiled once for several uses, and what is remembered is bounded", () => {
  const first = compileRegex("^once$");
  expect(compileRegex("^once$")).toEqual(first);
  const instance = first.ok ? first.value : null;
  const again = compileRegex("^once$");
  expect(again.ok && again.value).toBe(instance);
  // Each of these has three quarters of the largest size.
  const rounds = Math.ceil(REGEX_CACHE_INSTRUCTIONS_MAX / (REGEX_INSTRUCTIONS_MAX / 2));
  for (let index = 0; index < rounds; index++) expect(compileRegex(`${"(\\pL{10}x){99}|".repeat(10)}${index}`).ok).toBe(true);
  const forgotten = compileRegex("^once$");
  expect(forgotten.ok && forgotten.value).not.toBe(instance);
});

import type { Result } from "../kernel/result.ts";
import type { RequestFacts } from "./request-facts.ts";

/** One word of a rule language, as far as its parser is concerned. */
export interface RuleWord<Arg = unknown> {
  /** Canonical spelling. The parser also accepts it all lower, all upper, and with only the first letter upper. */
  readonly name: string;
  /** How many arguments it takes. */
  readonly arity: { readonly min: number; readonly max: number };
  /**
   * Turns the arguments as written into what a test needs, or says what is wrong with them. It runs in the operator (to report) and
   * in the proxy (to build), so it is pure.
   */
  parse(args: readonly string[]): Result<Arg, MatcherError>;
}

/** A word that looks at HTTP requests (`Host`, `PathPrefix`, …). Each lives in `extensions/matchers/<name>/`. */
export interface Matcher<Arg = unknown> extends RuleWord<Arg> {
  /** Whether the request matches. Hot path: allocates nothing it need not. */
  test(facts: RequestFacts, arg: Arg): boolean;
  /** What this matcher pins down, for the index and for the order; absent for everything that is neither host nor path. */
  key?(arg: Arg): MatcherKey;
  /** What `test` looks at and accepts, for telling whether one rule covers another. Absent: it can be compared with itself alone. */
  scope?(arg: Arg, args: readonly string[]): MatcherScope;
  /** What `test` costs next to one comparison of strings (which is 1, and the default): cheap terms of an `and` run first. */
  readonly cost?: number;
}

/**
 * What the index can use: the request's host or path must be (or begin with) this for the matcher to be true.
 *
 * A key with a value also proves its matcher (the request fits the key ⇒ the matcher is true) unless it is `loose`; `any` is
 * always true. The value of a wildcard is what follows `*.`; a prefix is one of characters, not of segments.
 */
export type MatcherKey =
  | { readonly on: "host"; readonly form: "exact" | "wildcard"; readonly value: string }
  | { readonly on: "host"; readonly form: "regex" | "any" }
  | { readonly on: "path"; readonly form: "exact" | "prefix"; readonly value: string; readonly loose?: boolean }
  | { readonly on: "path"; readonly form: "regex" };

/**
 * The values a matcher accepts of what it looks at. Where a request may have several values (`isSingle` false), one of them is enough.
 *
 * - `everything`: any value; `nonEmpty`: any but the empty one
 * - `exact`: `value` alone
 * - `label`: one non-empty label, a dot, and `value`
 * - `prefix`: what begins with `value`; `segments`: `value`, or what begins with `value` and a slash
 * - `regex`: what the expression `value` matches
 */
export interface MatcherScope {
  /** What is looked at, for example `host` or `header accept`: matchers of different subjects say nothing of each other. */
  readonly subject: string;
  readonly isSingle: boolean;
  readonly form: "everything" | "nonEmpty" | "exact" | "label" | "prefix" | "segments" | "regex";
  /** "" for `everything` and `nonEmpty`. */
  readonly value: string;
}

export interface MatcherError {
  /** Which argument is wrong, from 0. */
  readonly argument: number;
  readonly code: "InvalidRule" | "InvalidRegex";
  readonly message: string;
  readonly hint: string;
}

/** The words of a rule language by canonical name. */
export type WordTable = ReadonlyMap<string, RuleWord>;

/** All matchers by canonical name. */
export type MatcherTable = ReadonlyMap<string, Matcher>;

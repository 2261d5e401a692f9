import { compileRule } from "../../rules/compile.ts";
import { parseRule } from "../../rules/parser.ts";
import { printRule } from "../../rules/printer.ts";
import type { RequestFacts } from "../../rules/request-facts.ts";
import { matchers } from "./registry.gen.ts";

/** For the tests of this folder: a request, as much of it as matters. */
export interface RequestSample {
  readonly host?: string;
  readonly path?: string;
  readonly method?: string;
  readonly clientAddress?: string;
  /** By name in lower case. */
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  readonly query?: Readonly<Record<string, readonly string[]>>;
}

export function factsOf(sample: RequestSample): RequestFacts {
  return {
    host: sample.host ?? "",
    path: sample.path ?? "/",
    method: sample.method ?? "GET",
    clientAddress: sample.clientAddress ?? "192.0.2.1",
    headerValues: (name) => sample.headers?.[name] ?? [],
    queryValues: (name) => sample.query?.[name] ?? [],
  };
}

/** Whether the rule, parsed and compiled with the real matchers, is fulfilled by the request. */
export function fulfils(ruleText: string, sample: RequestSample): boolean {
  const rule = parseRule(ruleText, matchers);
  if (!rule.ok) throw new Error(rule.error.message);
  return compileRule(rule.value, matchers)(factsOf(sample));
}

/** What is said about a rule that is refused: code, message and hint. */
export function refusal(ruleText: string): readonly [code: string, message: string, hint: string] {
  const rule = parseRule(ruleText, matchers);
  if (rule.ok) throw new Error(`accepted as ${printRule(rule.value)}`);
  return [rule.error.code, rule.error.message, rule.error.hint];
}

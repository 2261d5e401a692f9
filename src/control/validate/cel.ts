import { isDeepStrictEqual } from "node:util";
import { RE2JS } from "re2js";
import type { CelNode } from "./cel-parser.ts";
import { parseCel } from "./cel-parser.ts";

/**
 * The part of the Common Expression Language that the rules of our CRDs are written in, so that the files of `crds/` stay the one
 * place where a rule is said. What it does not know is an error when the rule is compiled, which a test turns into a red build.
 * Source: the CEL language definition (github.com/google/cel-spec); macros, absorption of errors by && and || included.
 */
export type CelRule = (self: unknown) => boolean;

type Names = ReadonlyMap<string, unknown>;

/** Compiles a rule. Throws on syntax or functions outside the part we know. The rule itself never throws: an error is `false`. */
export function compileCel(text: string): CelRule {
  const node = parseCel(text);
  return (self) => {
    try {
      return evaluate(node, new Map([["self", self]])) === true;
    } catch (reason) {
      if (reason instanceof CelError) return false;
      throw reason;
    }
  };
}

/** An error of evaluation, such as a field that is not there. The API server refuses an object whose rule ends in one. */
class CelError extends Error {}

function evaluate(node: CelNode, names: Names): unknown {
  switch (node.is) {
    case "literal":
      return node.value;
    case "list":
      return node.items.map((item) => evaluate(item, names));
    case "name":
      return names.has(node.name) ? names.get(node.name) : wrong(`no such name: ${node.name}`);
    case "member":
      return member(evaluate(node.of, names), node.name);
    case "index":
      return member(evaluate(node.of, names), evaluate(node.at, names) as string | number);
    case "has":
      return hasMember(evaluate(node.of, names), node.name);
    case "not":
      return evaluate(node.of, names) !== true;
    case "choice":
      return evaluate(evaluate(node.when, names) === true ? node.then : node.otherwise, names);
    case "logic":
      return logic(node, names);
    case "compare":
      return compare(node.operator, evaluate(node.left, names), evaluate(node.right, names));
    case "macro":
      return macro(node, names);
    case "call":
      return call(
        node.function,
        evaluate(node.of, names),
        node.args.map((arg) => evaluate(arg, names)),
      );
  }
}

/** `&&` and `||`: when one side decides, an error of the other side does not count. */
function logic(node: Extract<CelNode, { is: "logic" }>, names: Names): boolean {
  const decides = node.operator === "||";
  let error: CelError | undefined;
  for (const side of [node.left, node.right]) {
    try {
      if ((evaluate(side, names) === true) === decides) return decides;
    } catch (reason) {
      if (!(reason instanceof CelError)) throw reason;
      error = reason;
    }
  }
  if (error !== undefined) throw error;
  return !decides;
}

function compare(operator: string, left: unknown, right: unknown): boolean {
  if (operator === "==") return isDeepStrictEqual(left, right);
  if (operator === "!=") return !isDeepStrictEqual(left, right);
  if (operator === "in")
    return Array.isArray(right) ? right.some((item) => isDeepStrictEqual(item, left)) : hasMember(right, String(left));
  const comparable = typeof left === typeof right && (typeof left === "number" || typeof left === "string");
  if (!comparable) return wrong(`${operator} needs two numbers or two texts`);
  const [a, b] = [left as number, right as number];
  return operator === "<" ? a < b : operator === "<=" ? a <= b : operator === ">" ? a > b : a >= b;
}

function macro(node: Extract<CelNode, { is: "macro" }>, names: Names): unknown {
  const over = evaluate(node.of, names);
  const items: unknown[] = Array.isArray(over) ? over : Object.keys(Object(over));
  const holds = (item: unknown): boolean => evaluate(node.body, new Map([...names, [node.variable, item]])) === true;
  switch (node.macro) {
    case "all":
      return items.every(holds);
    case "exists":
      return items.some(holds);
    case "exists_one":
      return items.filter(holds).length === 1;
    case "filter":
      return items.filter(holds);
    case "map":
      return items.map((item) => evaluate(node.body, new Map([...names, [node.variable, item]])));
  }
}

function call(name: string, of: unknown, args: readonly unknown[]): unknown {
  if (name === "size") return typeof of === "string" ? [...of].length : Object.keys(Object(of)).length;
  const [text, arg] = [of, args[0]];
  if (typeof text !== "string" || typeof arg !== "string") return wrong(`${name} needs text`);
  if (name === "startsWith") return text.startsWith(arg);
  if (name === "endsWith") return text.endsWith(arg);
  if (name === "contains") return text.includes(arg);
  return RE2JS.compile(arg).matcher(text).find();
}

function hasMember(of: unknown, name: string): boolean {
  return of !== null && typeof of === "object" && Object.hasOwn(of, name);
}

function member(of: unknown, name: string | number): unknown {
  if (!hasMember(of, String(name))) return wrong(`no such key: ${name}`);
  return (of as Readonly<Record<string, unknown>>)[name];
}

function wrong(what: string): never {
  throw new CelError(what);
}

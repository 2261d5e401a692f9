import { Environment, type ParseResult } from "@marcbachmann/cel-js";

/**
 * A rule of a CRD's `x-kubernetes-validations`, ready to run offline, so that the files of `crds/` stay the one place where a rule is
 * said. An error of evaluation, such as a field that is not there, is `false`: the API server refuses such an object, too.
 */
export type CelRule = (self: unknown) => boolean;

/** Bounds on the rules we ship, against a slip; the API server has a cost budget of its own. */
const LIMITS = { maxAstNodes: 500, maxDepth: 40, maxListElements: 100, maxCallArguments: 8 } as const;

const environment = new Environment({ limits: LIMITS }).registerVariable("self", "dyn");

/** Compiles a rule. Throws a SyntaxError when the rule is not CEL, or uses a function that is unknown. */
export function compileCel(text: string): CelRule {
  const rule = parse(text);
  return (self) => {
    try {
      return rule({ self: withIntegers(self) }) === true;
    } catch {
      return false;
    }
  };
}

function parse(text: string): ParseResult {
  try {
    const rule = environment.parse(text);
    const checked = rule.check();
    if (!checked.valid) throw checked.error;
    return rule;
  } catch (cause) {
    throw new SyntaxError(`not a rule we can run: ${text}`, { cause });
  }
}

/** CEL tells integers from doubles and so does a CRD's schema; JSON does not. */
function withIntegers(value: unknown): unknown {
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(withIntegers);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withIntegers(member)]));
}

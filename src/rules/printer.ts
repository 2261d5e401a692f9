import type { Rule } from "../model/rule.ts";
import { quoteGo } from "./go-string.ts";

/** The canonical text of a rule: canonical names, back-quotes, no parentheses that are not needed. `parseRule` gives the rule back. */
export function printRule(rule: Rule): string {
  switch (rule.op) {
    case "match":
      return `${rule.matcher}(${rule.args.map(quoteGo).join(", ")})`;
    case "not":
      return `!${printInside(rule.term, rule.term.op === "and" || rule.term.op === "or")}`;
    case "and":
      return rule.terms.map((term) => printInside(term, term.op === "or")).join(" && ");
    case "or":
      return rule.terms.map((term) => printInside(term, false)).join(" || ");
  }
}

function printInside(rule: Rule, inParentheses: boolean): string {
  return inParentheses ? `(${printRule(rule)})` : printRule(rule);
}

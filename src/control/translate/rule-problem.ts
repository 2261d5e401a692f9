import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { RuleError } from "../../rules/rule-error.ts";

/** What is wrong with the text of a rule, told as all problems are: in sentences. */
export function ruleProblem({ code, message, hint }: RuleError, object: ObjectRef, field: string): Problem {
  return problem(code, object, field, sentence(message), sentence(hint));
}

function sentence(phrase: string): string {
  const begun = phrase.charAt(0).toUpperCase() + phrase.slice(1);
  return begun === "" || /[.?!]$/.test(begun) ? begun : `${begun}.`;
}

/**
 * A parsed rule. Pure data: it travels in snapshots as JSON.
 *
 * `and`/`or` hold at least two terms and never a term of their own kind (the parser flattens). A `match` names a matcher in its
 * canonical spelling (`Host`, `PathPrefix`, …) with its arguments as written, unescaped.
 */
export type Rule =
  | { readonly op: "and" | "or"; readonly terms: readonly Rule[] }
  | { readonly op: "not"; readonly term: Rule }
  | RuleMatch;

export interface RuleMatch {
  readonly op: "match";
  readonly matcher: string;
  readonly args: readonly string[];
}

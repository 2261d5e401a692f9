/** Bounds of the rule language. Rules are written by tenants: none may make the operator or a proxy work without end. */

/** Characters (UTF-16 code units) of one rule's text. */
export const RULE_LENGTH_MAX = 64 * 1024;

/** How deep parentheses and `!` may nest. */
export const RULE_NESTING_MAX = 64;

/** How many matchers one rule may hold. */
export const RULE_TERMS_MAX = 4096;

/** Places one rule may take in the route index: its hosts times its paths. Beyond, its paths are left to the rule itself. */
export const ROUTE_KEYS_MAX = 4096;

/** Characters of one regular expression. */
export const REGEX_LENGTH_MAX = 4096;

/** Instructions of one compiled regular expression: matching costs at most this for each character looked at. */
export const REGEX_INSTRUCTIONS_MAX = 20_000;

/** Instructions of all regular expressions that are remembered, so that one text is compiled once for several uses. */
export const REGEX_CACHE_INSTRUCTIONS_MAX = 100_000;

/** Alternatives of one rule (its `or`s multiplied out) up to which it is compared with others. */
export const ALTERNATIVES_MAX = 256;

/** Literals of one alternative up to which its rule is compared with others. */
export const LITERALS_MAX = 64;

/** Rules that may cover another one together: with more that come close, only each alone is looked at. */
export const UNION_MAX = 32;

/** Steps of reasoning about rules that cover another one together. */
export const UNION_ROUNDS_MAX = 8;

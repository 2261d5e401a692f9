/** What is wrong with the text of a rule. */
export interface RuleError {
  readonly code: "InvalidRule" | "InvalidRegex";
  /** What is wrong and where, in one sentence. */
  readonly message: string;
  /** What to write instead; "" when the message says it all. */
  readonly hint: string;
  /** Where it goes wrong, from 1, in characters (not bytes, not UTF-16 code units). */
  readonly column: number;
}

/** Makes the error for what stands at `offset` (UTF-16 code units) of `text`; the column is added to the message. */
export function ruleError(
  text: string,
  offset: number,
  what: string,
  hint = "",
  code: RuleError["code"] = "InvalidRule",
): RuleError {
  const column = [...text.slice(0, offset)].length + 1;
  return { code, message: `${what} at column ${column}`, hint, column };
}

const EXCERPT_LENGTH_MAX = 80;

/** Quotes a text for a message, cut short when it is long: what tenants write ends up in logs and statuses. */
export function excerpt(text: string): string {
  const chars = [...text.slice(0, 2 * EXCERPT_LENGTH_MAX)];
  const short = chars.slice(0, EXCERPT_LENGTH_MAX).join("");
  return JSON.stringify(short.length < text.length ? `${short}…` : text);
}

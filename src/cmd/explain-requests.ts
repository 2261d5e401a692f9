import { once } from "node:events";
import { fail, ok, type Result } from "../kernel/result.ts";
import { readAskedRequest } from "./asked-request.ts";
import type { AskedRequest } from "./explain-request.ts";
import type { AnswerReport, Explainer } from "./explainer.ts";
import type { FieldError } from "./read-fields.ts";
import { LINE_LENGTH_MAX, textLines } from "./text-lines.ts";

/** What is said of one line: where its request goes, or why it is none. Schema: `docs/reference/explain-answer.schema.json`. */
export type AnswerLine = { readonly line: number } & (AnswerReport | { readonly error: string });

/** How many characters of answers are written at a time. */
const WRITE_LENGTH = 64 * 1024;

/**
 * Answers requests, a JSON object a line, in JSON lines of the same order; empty lines are passed over. Returns how many lines were
 * no requests. It reads no faster than its answers are taken.
 */
export async function answerRequests(
  explainer: Explainer,
  requests: AsyncIterable<Buffer>,
  answers: NodeJS.WritableStream,
  withReasons: boolean,
): Promise<number> {
  let number = 0;
  let wrong = 0;
  let pending = "";
  for await (const line of textLines(requests)) {
    number++;
    if (line?.trim() === "") continue;
    const said = answerLine(explainer, line, withReasons);
    if (!said.ok) wrong++;
    const told: AnswerLine = said.ok ? { line: number, ...said.value } : { line: number, error: said.error };
    pending += `${JSON.stringify(told)}\n`;
    if (pending.length < WRITE_LENGTH) continue;
    if (!answers.write(pending)) await once(answers, "drain");
    pending = "";
  }
  answers.write(pending);
  return wrong;
}

function answerLine(explainer: Explainer, line: string | null, withReasons: boolean): Result<AnswerReport, string> {
  const asked = parseLine(line);
  if (!asked.ok) return asked;
  const explained = withReasons ? explainer.explain(asked.value) : explainer.answer(asked.value);
  if (!explained.ok) return explained;
  explained.value.exchange.end();
  return ok(explained.value.report);
}

function parseLine(line: string | null): Result<AskedRequest, string> {
  if (line === null) return fail(`the line is longer than ${LINE_LENGTH_MAX} characters`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (reason) {
    return fail(`the line is not JSON: ${(reason as Error).message}`);
  }
  const errors: FieldError[] = [];
  const asked = readAskedRequest(value, "", errors);
  const [first] = errors;
  return first === undefined ? ok(asked) : fail(first.field === "" ? first.message : `${first.field}: ${first.message}`);
}

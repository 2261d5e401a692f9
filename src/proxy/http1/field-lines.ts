import type { Buffer } from "node:buffer";
import { CR, SP } from "./bytes.ts";
import type { Fields } from "./fields.ts";
import { out } from "./out-buffer.ts";

/** The lines not copied yet: `[runStart, runEnd)` of the head in hand. */
let runStart = 0;
let runEnd = 0;

/**
 * Writes the line of a field to `out`, without white space around its value (RFC 9112 §5.1). Lines that stand side by side are copied in
 * one go: nothing else may be written before `endLines`.
 */
export function copyLine(bytes: Buffer, head: Fields, field: number): void {
  const nameStart = head.nameStart[field] as number;
  const nameEnd = head.nameEnd[field] as number;
  const valueStart = head.valueStart[field] as number;
  const valueEnd = head.valueEnd[field] as number;
  const isAsWritten = valueStart === nameEnd + 2 && bytes[nameEnd + 1] === SP && bytes[valueEnd] === CR;
  if (isAsWritten && nameStart === runEnd) {
    runEnd = valueEnd + 2;
    return;
  }
  endLines(bytes);
  if (isAsWritten) {
    runStart = nameStart;
    runEnd = valueEnd + 2;
    return;
  }
  out.slice(bytes, nameStart, nameEnd);
  out.text(": ");
  out.slice(bytes, valueStart, valueEnd);
  out.text("\r\n");
}

/** Every line to be copied from `bytes` was told. */
export function endLines(bytes: Buffer): void {
  if (runEnd > runStart) out.slice(bytes, runStart, runEnd);
  runStart = 0;
  runEnd = 0;
}

import { Buffer } from "node:buffer";
import { isWritten } from "./forwarded.ts";

/** What is known of a field's name, worked out once. */
export interface HeaderName {
  /** In lower case. */
  readonly text: string;
  readonly bytes: Buffer;
  /** As it begins a field line: each word with a capital, then colon and space. */
  readonly lineStart: Buffer;
  /** Whether edits may touch the field: it is a name (RFC 9110 §5.1), and of none that frames a message or belongs to one hop. */
  readonly isEditable: boolean;
  /** Whether it is one of those we write ourselves to tell servers who the client is. */
  readonly isForwarded: boolean;
}

/** Fields that frame a message or belong to one hop: the engine writes them. */
const FRAMING: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "keep-alive",
  "proxy-connection",
  "upgrade",
  "te",
  "trailer",
  "expect",
]);

/** Names kept; they come from configuration, so there are few. */
const NAMES_MAX = 1000;
const names = new Map<string, HeaderName>();

/** What is known of the name `text`, which is in lower case. */
export function headerName(text: string): HeaderName {
  const known = names.get(text);
  if (known !== undefined) return known;
  const made = makeName(text);
  if (names.size < NAMES_MAX) names.set(text, made);
  return made;
}

function makeName(text: string): HeaderName {
  const spelled = text.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
  return {
    text,
    bytes: Buffer.from(text, "latin1"),
    lineStart: Buffer.from(`${spelled}: `, "latin1"),
    isEditable: !FRAMING.has(text) && /^[a-z0-9!#$%&'*+\-.^_`|~]+$/.test(text),
    isForwarded: isWritten(text),
  };
}

/** Whether bytes `[start, end)` spell the name, in any case, underscores taken for hyphens: no alias of it slips through. */
export function isNamed({ bytes: own }: HeaderName, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== own.length) return false;
  for (let i = 0; i < own.length; i++) {
    const byte = bytes[start + i] as number;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    if (lower !== own[i] && !(lower === 0x5f && own[i] === 0x2d)) return false;
  }
  return true;
}

/**
 * The one canonical form of a request path: what the route table, the middlewares and the upstream all see.
 *
 * - unreserved characters are decoded, hex digits of what stays encoded are upper case (RFC 3986 §6.2.2);
 * - characters a URI may not hold but clients send (`|`, `"`, `{` …) are encoded;
 * - dot segments are resolved (RFC 3986 §5.2.4) and never climb above the root; repeated slashes become one;
 * - refused (null): a path not beginning with `/`, a broken escape, bytes outside visible ASCII, a raw backslash or `#`, dot segments
 *   with a parameter (`..;x`), and escapes that servers disagree about: `%00 %23 %25 %2F %3B %3F %5C`.
 *
 * Canonical forms are fixed points: `canonicalPath(canonicalPath(x)) === canonicalPath(x)`, under the same policy.
 * Allocates: nothing when `raw` is canonical already.
 */
export function canonicalPath(raw: string, policy: PathPolicy = STRICT_PATHS): string | null {
  if (raw.charCodeAt(0) !== SLASH) return null;
  return isPlainlyCanonical(raw) ? raw : rewrite(raw, policy);
}

/** Where the one form is less strict than by default. */
export interface PathPolicy {
  /** Whether several slashes in a row stay as they are. */
  readonly keepsSlashes: boolean;
  /** What becomes of an escape, by the byte it stands for. */
  readonly escaped: Uint8Array;
}

/** A policy that lets in escapes of the characters `allowedEscapes`, which stay escapes, beside the undisputed ones. */
export function pathPolicy(keepsSlashes: boolean, allowedEscapes: string): PathPolicy {
  if (allowedEscapes === "") return keepsSlashes ? { keepsSlashes, escaped: ESCAPED } : STRICT_PATHS;
  const escaped = ESCAPED.slice();
  for (const char of allowedEscapes) escaped[char.charCodeAt(0)] = ENCODE;
  return { keepsSlashes, escaped };
}

const SLASH = 0x2f;
const DOT = 0x2e;
const PERCENT = 0x25;

/** What a byte is in a path: refused, itself, or written as an escape. */
const REFUSE = 0;
const KEEP = 1;
const ENCODE = 2;

/** pchar of RFC 3986 §3.3 and `/` are kept; other visible ASCII is encoded, but for backslash, `#`, `?` and `%`. */
const RAW = table((code) => {
  if (code <= 0x20 || code >= 0x7f) return REFUSE;
  const char = String.fromCharCode(code);
  if ("\\#?%".includes(char)) return REFUSE;
  return /[A-Za-z0-9\-._~!$&'()*+,;=:@/]/.test(char) ? KEEP : ENCODE;
});

/** For decoded escapes: unreserved characters appear as themselves, the rest stays an escape, what servers disagree about is refused. */
const ESCAPED = table((code) => {
  if (code === 0) return REFUSE;
  const char = String.fromCharCode(code);
  if ("#%/;?\\".includes(char)) return REFUSE;
  return /[A-Za-z0-9\-._~]/.test(char) ? KEEP : ENCODE;
});

const STRICT_PATHS: PathPolicy = { keepsSlashes: false, escaped: ESCAPED };

function table(kindOf: (code: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => kindOf(code));
}

/** True when no rule could change the path: kept characters only, no `//`, no segment beginning with a dot. */
function isPlainlyCanonical(path: string): boolean {
  let previous = 0;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code > 0x7f || RAW[code] !== KEEP) return false;
    if (previous === SLASH && (code === SLASH || code === DOT)) return false;
    previous = code;
  }
  return true;
}

function rewrite(raw: string, { escaped, keepsSlashes }: PathPolicy): string | null {
  const normal = normalizeEscapes(raw, escaped);
  return normal === null ? null : removeDotSegments(normal, keepsSlashes);
}

function normalizeEscapes(raw: string, escaped: Uint8Array): string | null {
  let out = "";
  for (let i = 0; i < raw.length; i++) {
    const code = raw.charCodeAt(i);
    if (code === PERCENT) {
      const value = hexByte(raw, i + 1);
      if (value < 0) return null;
      const kind = escaped[value];
      if (kind === REFUSE) return null;
      out += kind === KEEP ? String.fromCharCode(value) : percentEscape(value);
      i += 2;
    } else {
      const kind = code > 0x7f ? REFUSE : RAW[code];
      if (kind === REFUSE) return null;
      out += kind === KEEP ? raw[i] : percentEscape(code);
    }
  }
  return out;
}

function removeDotSegments(path: string, keepsSlashes: boolean): string | null {
  const kept: string[] = [];
  const segments = path.split("/");
  for (let i = 1; i < segments.length; i++) {
    const segment = segments[i] as string;
    const isLast = i === segments.length - 1;
    if (/^\.\.?;/.test(segment)) return null;
    if (segment === "..") kept.pop();
    else if (segment !== "." && (segment !== "" || (keepsSlashes && !isLast))) kept.push(segment);
    if (isLast && (segment === "" || segment === "." || segment === "..")) kept.push("");
  }
  return `/${kept.join("/")}`;
}

function hexByte(text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at));
  const low = hexDigit(text.charCodeAt(at + 1));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function percentEscape(code: number): string {
  return `%${code.toString(16).toUpperCase().padStart(2, "0")}`;
}

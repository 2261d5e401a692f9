/**
 * Header fields the engine treats specially, by small number, so that the hot path compares bytes and not strings.
 * Every field gets one id while the head is scanned.
 */
export const HeaderId = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  /** keep-alive, proxy-connection, te, trailer, proxy-authenticate, proxy-authorization, http2-settings (RFC 9110 §7.6.1). */
  hopByHop: 5,
  upgrade: 6,
  expect: 7,
  date: 8,
  /** RFC 7239. */
  forwarded: 9,
  xForwardedFor: 10,
  xForwardedProto: 11,
  xForwardedHost: 12,
  xForwardedPort: 13,
  xRealIp: 14,
  /** The rest of the fields that tell upstreams who the client is: ours to set, never an untrusted client's. */
  managed: 15,
  /** An underscore in the name, and not an alias of any field here: dropped, as servers take `_` for `-`, unless the entry point keeps it. */
  underscored: 16,
  /** Named by the Connection field: meant for this hop alone. Set after the scan. */
  connectionListed: 17,
  /** Passed on as it is; it can say that the connection is somebody's from now on. */
  wwwAuthenticate: 18,
  /** Passed on, counted down for the methods it is for. */
  maxForwards: 19,
  /** An underscored alias of a field that frames a message or belongs to one hop: dropped whatever the entry point lets in. */
  aliased: 20,
  /** Which program answers: a server's own word counts. */
  server: 21,
} as const;

export type HeaderId = (typeof HeaderId)[keyof typeof HeaderId];

const NAMES: readonly (readonly [string, HeaderId])[] = [
  ["host", HeaderId.host],
  ["content-length", HeaderId.contentLength],
  ["transfer-encoding", HeaderId.transferEncoding],
  ["connection", HeaderId.connection],
  ["keep-alive", HeaderId.hopByHop],
  ["proxy-connection", HeaderId.hopByHop],
  ["te", HeaderId.hopByHop],
  ["trailer", HeaderId.hopByHop],
  ["proxy-authenticate", HeaderId.hopByHop],
  ["proxy-authorization", HeaderId.hopByHop],
  ["http2-settings", HeaderId.hopByHop],
  ["upgrade", HeaderId.upgrade],
  ["expect", HeaderId.expect],
  ["date", HeaderId.date],
  ["server", HeaderId.server],
  ["forwarded", HeaderId.forwarded],
  ["x-forwarded-for", HeaderId.xForwardedFor],
  ["x-forwarded-proto", HeaderId.xForwardedProto],
  ["x-forwarded-host", HeaderId.xForwardedHost],
  ["x-forwarded-port", HeaderId.xForwardedPort],
  ["x-real-ip", HeaderId.xRealIp],
  ["x-forwarded-server", HeaderId.managed],
  ["x-forwarded-uri", HeaderId.managed],
  ["x-forwarded-method", HeaderId.managed],
  ["x-forwarded-prefix", HeaderId.managed],
  ["x-forwarded-scheme", HeaderId.managed],
  ["x-forwarded-tls-client-cert", HeaderId.managed],
  ["x-forwarded-tls-client-cert-info", HeaderId.managed],
  ["x-scheme", HeaderId.managed],
  ["www-authenticate", HeaderId.wwwAuthenticate],
  ["max-forwards", HeaderId.maxForwards],
];

interface Candidate {
  readonly name: Uint8Array;
  readonly id: HeaderId;
}

const LONGEST = 40;
const BY_LENGTH: readonly (readonly Candidate[])[] = Array.from({ length: LONGEST + 1 }, (_, length) =>
  NAMES.filter(([name]) => name.length === length).map(([name, id]) => ({ name: Buffer.from(name), id })),
);

/**
 * The id of the field name at `[start, end)`, compared without case.
 *
 * A name with underscores is compared as if they were hyphens, so that `X_Forwarded_For` is found out; where it aliases nothing
 * here it is `underscored`; where it aliases something else, `aliased` (and never, say, `contentLength`). Allocates: nothing.
 */
export function headerId(bytes: Uint8Array, start: number, end: number, hasUnderscore: boolean): HeaderId {
  const length = end - start;
  if (length <= LONGEST) {
    for (const candidate of BY_LENGTH[length] as readonly Candidate[]) {
      if (sameName(bytes, start, candidate.name)) return hasUnderscore ? aliasOf(candidate.id) : candidate.id;
    }
  }
  return hasUnderscore ? HeaderId.underscored : HeaderId.other;
}

function aliasOf(id: HeaderId): HeaderId {
  return id >= HeaderId.forwarded && id <= HeaderId.managed ? HeaderId.managed : HeaderId.aliased;
}

function sameName(bytes: Uint8Array, start: number, lowerName: Uint8Array): boolean {
  for (let i = 0; i < lowerName.length; i++) {
    if (foldName(bytes[start + i] as number) !== lowerName[i]) return false;
  }
  return true;
}

/** Lower case, underscore as hyphen: the form in which two field names that some server takes for one are equal. */
export function foldName(byte: number): number {
  if (byte >= 0x41 && byte <= 0x5a) return byte + 0x20;
  return byte === 0x5f ? 0x2d : byte;
}

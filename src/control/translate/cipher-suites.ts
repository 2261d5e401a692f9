import { fail, ok, type Result } from "../../kernel/result.ts";
import { nearestName } from "../validate/schema-walk.ts";

/** The suites of TLS 1.3, which OpenSSL names as IANA does, best first. */
const TLS13: readonly string[] = ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"];

/** Suites of TLS 1.2 and older that can be had, by their IANA name, with OpenSSL's. None without a key exchange or without encryption. */
const OLDER: ReadonlyMap<string, string> = new Map([
  ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"],
  ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"],
  ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"],
  ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"],
  ["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"],
  ["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"],
  // Names Go had for the two before they were settled.
  ["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305"],
  ["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"],
  ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256"],
  ["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256"],
  ["TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "ECDHE-ECDSA-AES256-SHA384"],
  ["TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "ECDHE-RSA-AES256-SHA384"],
  ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"],
  ["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"],
  ["TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"],
  ["TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"],
  ["TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"],
  ["TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384"],
  ["TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256"],
  ["TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA"],
  ["TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA"],
]);

/** What is offered for TLS 1.2 and older where nobody says: forward secrecy and authenticated encryption; for versions before, CBC. */
const OLDER_DEFAULT: readonly string[] = [...OLDER.values()].slice(0, 6);
const OLDEST_DEFAULT: readonly string[] = [...OLDER.values()].slice(12, 16);

/** OpenSSL refuses versions before 1.2 at its usual level of security. */
const ANY_LEVEL = "@SECLEVEL=0";

/** What is wrong with one name of a list. */
export interface CipherError {
  readonly index: number;
  readonly message: string;
  readonly hint: string;
}

/**
 * A list of cipher suites (IANA's names, or Go's) in OpenSSL's notation; preferred ones first. Undefined: OpenSSL's own default will do.
 *
 * A list without suites of TLS 1.3 leaves these as they are; one that names some offers no others.
 */
export function opensslCiphers(names: readonly string[], beforeTls12: boolean): Result<string | undefined, CipherError> {
  if (names.length === 0) {
    return ok(beforeTls12 ? [...TLS13, ...OLDER_DEFAULT, ...OLDEST_DEFAULT, ANY_LEVEL].join(":") : undefined);
  }
  const chosen = new Set<string>();
  for (const [index, name] of names.entries()) {
    const suite = TLS13.includes(name) ? name : OLDER.get(name);
    if (suite === undefined) return fail({ index, ...unknownSuite(name) });
    chosen.add(suite);
  }
  const newest = [...chosen].filter((suite) => TLS13.includes(suite));
  const older = [...chosen].filter((suite) => !TLS13.includes(suite));
  return ok([...(newest.length > 0 ? newest : TLS13), ...older, ...(beforeTls12 ? [ANY_LEVEL] : [])].join(":"));
}

function unknownSuite(name: string): { message: string; hint: string } {
  const nearest = nearestName(name, [...TLS13, ...OLDER.keys()]);
  return {
    message: `The cipher suite "${name}" cannot be had.`,
    hint: nearest === undefined ? "docs/reference/tls.md lists those that can." : `Did you mean "${nearest}"?`,
  };
}

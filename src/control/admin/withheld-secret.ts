import type { StoredObject } from "../store/stored-object.ts";
import { holdsOnlyCertificates } from "../translate/authorities.ts";
import { certificateObstacle } from "../translate/certificate.ts";

/** Members of a Secret's `data` that every client of a TLS server sees anyway. */
const PUBLIC = new Set(["tls.crt", "ca.crt"]);
/** Where certificates of authorities are looked for. */
const AUTHORITIES = new Set(["tls.ca", "ca.crt"]);

/**
 * A Secret fit to be shown: the names of its values and its certificates, not the values; and in place of them what we found of them.
 * Objects of other kinds are as they are.
 */
export function withheldSecret(object: StoredObject): StoredObject {
  if (object.ref.kind !== "Secret") return object;
  const { type, data } = object.body as { readonly type?: string; readonly data?: Readonly<Record<string, string>> | null };
  const shown = Object.entries(data ?? {}).map(([name, value]) => [name, isPublic(type, name, value) ? value : ""]);
  return {
    ...object,
    annotations: {},
    body: { ...(type === undefined ? {} : { type }), data: Object.fromEntries(shown) },
    withheld: { obstacle: certificateObstacle(object) },
  };
}

/** Only where the type says what stands under the name, or it is nothing else: an Opaque Secret may call anything `ca.crt`. */
function isPublic(type: string | undefined, name: string, value: string): boolean {
  if (type === "kubernetes.io/tls" && PUBLIC.has(name)) return true;
  return AUTHORITIES.has(name) && holdsOnlyCertificates(Buffer.from(value, "base64").toString("utf8"));
}

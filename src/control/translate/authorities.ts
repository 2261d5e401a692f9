import { X509Certificate } from "node:crypto";
import { fail, ok, type Result } from "../../kernel/result.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { ObjectView } from "../store/object-view.ts";
import type { StoredObject } from "../store/stored-object.ts";
import type { Obstacle } from "./translation.ts";

/** Keys that hold certificates of authorities; the first that is there counts. */
const KEYS = ["tls.ca", "ca.crt"] as const;

/** Most certificates of one Secret or ConfigMap. */
const CERTIFICATES_MAX = 512;

const PEM = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g;

/** The certificates of authorities in a Secret or ConfigMap (PEM, one an entry), or why there are none to be had. */
export function authoritiesOf(ref: ObjectRef, view: ObjectView): Result<readonly string[], Obstacle> {
  const object = view.get(ref.kind, ref.namespace, ref.name);
  const named = `${ref.kind} "${ref.namespace}/${ref.name}"`;
  if (object === undefined) return fail({ code: "SecretNotFound", message: `${named} does not exist.`, hint: "" });
  const invalid = (what: string): Result<never, Obstacle> => {
    return fail({
      code: "SecretInvalid",
      message: `${named} ${what}.`,
      hint: "Put PEM certificates of authorities under ca.crt.",
    });
  };
  const text = textOf(object);
  if (text === undefined) return invalid("has neither tls.ca nor ca.crt");
  const certificates = text.match(PEM) ?? [];
  if (certificates.length === 0) return invalid("holds no PEM certificate");
  if (certificates.length > CERTIFICATES_MAX) return invalid(`holds more than ${CERTIFICATES_MAX} certificates`);
  const bad = certificates.findIndex((pem) => !isCertificate(pem));
  return bad < 0
    ? ok(certificates.map((pem) => `${pem}\n`))
    : invalid(`holds a certificate that cannot be read (the ${bad + 1}. one)`);
}

/** Whether a text is PEM certificates and nothing else: what every peer may see. */
export function holdsOnlyCertificates(text: string): boolean {
  const certificates = text.match(PEM) ?? [];
  return certificates.length > 0 && certificates.every(isCertificate) && text.replace(PEM, "").trim() === "";
}

function textOf({ ref, body }: StoredObject): string | undefined {
  const { data } = body as { readonly data?: Readonly<Record<string, string>> | null };
  const value = KEYS.map((key) => data?.[key]).find((each) => each !== undefined);
  return value === undefined || ref.kind === "ConfigMap" ? value : Buffer.from(value, "base64").toString("utf8");
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

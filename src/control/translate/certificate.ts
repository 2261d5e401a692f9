import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { fail, ok, type Result } from "../../kernel/result.ts";
import type { Certificate } from "../../model/certificate.ts";
import { resourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import { REDACTED } from "../../model/redact.ts";
import type { ObjectView } from "../store/object-view.ts";
import type { StoredObject, Withheld } from "../store/stored-object.ts";
import type { CertificateMemory } from "./compile-memory.ts";
import type { CertificateFace, Obstacle, PartTranslation } from "./translation.ts";

/** How long before its end a certificate is told to expire. */
const EXPIRY_WARNING_MS = 14 * 24 * 60 * 60 * 1000;

/**
 * Translates a `kubernetes.io/tls` Secret. One that cannot be used leaves the last good pair in place (`memory`), as long as it is there.
 * `nowMs` is only for telling that a certificate expires: an expired one is served.
 */
export function translateCertificate(
  namespace: string,
  name: string,
  view: ObjectView,
  nowMs: number,
  memory: CertificateMemory,
): PartTranslation<CertificateFace> {
  const ref: ObjectRef = { kind: "Secret", namespace, name };
  const id = resourceId("certificate", ref);
  const secret = view.get("Secret", namespace, name);
  const read = secret === undefined ? null : readSecret(secret);
  if (read === null) memory.delete(id);
  if (read === null) return refused("SecretNotFound", `Secret "${namespace}/${name}" does not exist.`, "");
  if (!read.ok) return unusable(ref, read.error, memory.get(id), nowMs);
  const { chainPem, keyPem, leaf } = read.value;
  const resource: Certificate = { id, origin: ref, names: namesOf(leaf), chainPem, keyPem };
  memory.set(id, resource);
  return { face: { status: "ready", id }, resource, problems: expiry(ref, leaf, nowMs) };
}

function unusable(ref: ObjectRef, why: string, former: Certificate | undefined, nowMs: number): PartTranslation<CertificateFace> {
  const message = `Secret "${ref.namespace}/${ref.name}" ${why}`;
  if (former === undefined) return refused("SecretInvalid", `${message}.`, SECRET_HINT);
  const concern: Obstacle = { code: "SecretInvalid", message: `${message}; the last good certificate stays.`, hint: SECRET_HINT };
  const problems = expiry(ref, new X509Certificate(former.chainPem), nowMs);
  return { face: { status: "ready", id: former.id, concern }, resource: former, problems };
}

const SECRET_HINT = "Make it with: kubectl create secret tls NAME --cert=CHAIN.pem --key=KEY.pem";

function refused(code: "SecretNotFound" | "SecretInvalid", message: string, hint: string): PartTranslation<CertificateFace> {
  return { face: { status: "refused", obstacle: { code, message, hint } }, resource: null, problems: [] };
}

interface KeyPair {
  readonly chainPem: string;
  readonly keyPem: string;
  readonly leaf: X509Certificate;
}

/** The pair of a Secret for those who show it themselves, or why it cannot be had. */
export function keyPairOf(
  namespace: string,
  name: string,
  view: ObjectView,
): Result<{ readonly chainPem: string; readonly keyPem: string }, Obstacle> {
  const named = `Secret "${namespace}/${name}"`;
  const secret = view.get("Secret", namespace, name);
  if (secret === undefined) return fail({ code: "SecretNotFound", message: `${named} does not exist.`, hint: "" });
  const read = readSecret(secret);
  if (!read.ok) return fail({ code: "SecretInvalid", message: `${named} ${read.error}.`, hint: SECRET_HINT });
  return ok({ chainPem: read.value.chainPem, keyPem: read.value.keyPem });
}

/** Why a Secret cannot be used as a certificate, as the end of a sentence; null when it can. */
export function certificateObstacle(secret: StoredObject): string | null {
  const read = readSecret(secret);
  return read.ok ? null : read.error;
}

/** The pair in a Secret, or why it cannot be used (the end of a sentence; never any of the Secret's content). */
function readSecret(secret: StoredObject): Result<KeyPair, string> {
  if (secret.withheld !== undefined) return readWithheld(secret, secret.withheld);
  const type = secret.body.type;
  if (type !== "kubernetes.io/tls") return fail(`is of type ${JSON.stringify(type ?? "Opaque")}, not "kubernetes.io/tls"`);
  const chainPem = secretValue(secret, "tls.crt");
  const keyPem = secretValue(secret, "tls.key");
  if (chainPem === undefined || keyPem === undefined) return fail(`has no ${chainPem === undefined ? "tls.crt" : "tls.key"}`);
  const leaf = attempt(() => new X509Certificate(chainPem));
  if (leaf === undefined) return fail("has a tls.crt that is not a PEM certificate");
  const key = attempt(() => createPrivateKey(keyPem));
  if (key === undefined) return fail("has a tls.key that is not an unencrypted PEM private key");
  const obstacle = pairObstacle(leaf, key, chainPem, keyPem);
  return obstacle === null ? ok({ chainPem, keyPem, leaf }) : fail(obstacle);
}

/** As `readSecret`, of a Secret whose key stayed with its owner, who has judged it. */
function readWithheld(secret: StoredObject, { obstacle }: Withheld): Result<KeyPair, string> {
  if (obstacle !== null) return fail(obstacle);
  const chainPem = secretValue(secret, "tls.crt") ?? "";
  const leaf = attempt(() => new X509Certificate(chainPem));
  return leaf === undefined ? fail("has a tls.crt that is not a PEM certificate") : ok({ chainPem, keyPem: REDACTED, leaf });
}

function pairObstacle(leaf: X509Certificate, key: KeyObject, chainPem: string, keyPem: string): string | null {
  if (!leaf.checkPrivateKey(key)) return "has a tls.key that does not belong to the first certificate of tls.crt";
  if (attempt(() => createSecureContext({ cert: chainPem, key: keyPem })) === undefined) return "is refused by the TLS library";
  return null;
}

function secretValue(secret: StoredObject, key: string): string | undefined {
  const { data } = secret.body as { readonly data?: Readonly<Record<string, string>> | null };
  const encoded = data?.[key];
  return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8");
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/** The DNS names of a certificate: its subject alternative names; its common name where it has none (RFC 9525 no longer does). */
function namesOf(leaf: X509Certificate): readonly string[] {
  const alternatives = (leaf.subjectAltName ?? "")
    .split(", ")
    .filter((entry) => entry.startsWith("DNS:"))
    .map((entry) => entry.slice("DNS:".length));
  const common = /^CN=(.+)$/m.exec(leaf.subject)?.[1];
  const names = leaf.subjectAltName === undefined && common !== undefined ? [common] : alternatives;
  return [...new Set(names.map((name) => name.toLowerCase().replace(/\.$/, "")))].sort();
}

function expiry(ref: ObjectRef, leaf: X509Certificate, nowMs: number): readonly Problem[] {
  const leftMs = leaf.validToDate.getTime() - nowMs;
  if (leftMs > EXPIRY_WARNING_MS) return [];
  const day = leaf.validToDate.toISOString().slice(0, 10);
  const message = leftMs <= 0 ? `The certificate expired on ${day}.` : `The certificate expires on ${day}.`;
  return [problem("CertificateExpiring", ref, "data[tls.crt]", message, "Renew it.")];
}

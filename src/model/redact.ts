import type { Resource } from "./resource.ts";

/** What stands where a secret was. */
export const REDACTED = "[redacted]";

/**
 * Names of members whose values people must not see: private keys, and whatever an option calls a credential. By name, since the
 * options of middlewares are many and grow; a name that merely sounds secret loses its value in a dump, which harms nobody.
 */
const SECRET_NAME = /^(keyPem|users)$|passw|secret|token|credential|authorization|cookie|private|api-?key/i;

/** A copy of a resource fit to be shown: everything secret in it is replaced, all else is as it was. */
export function redactResource(resource: Resource): Resource {
  return redact(resource) as Resource;
}

/** As `redactResource`, for any part of one. */
export function redactValue(value: unknown): unknown {
  return redact(value);
}

function redact(value: unknown): unknown {
  if (Array.isArray(value)) return isSecretPair(value) ? [value[0], REDACTED] : value.map(redact);
  if (value === null || typeof value !== "object") return value;
  const isSecretField = "name" in value && isSecretName(value.name);
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const isSecret = isSecretName(name) || (isSecretField && name === "value");
    copy[name] = isSecret && holdsSomething(member) ? REDACTED : redact(member);
  }
  return copy;
}

/** A header written as a pair: `["Authorization", "Bearer …"]`. */
function isSecretPair(value: readonly unknown[]): boolean {
  return value.length === 2 && isSecretName(value[0]) && holdsSomething(value[1]);
}

function isSecretName(name: unknown): boolean {
  return typeof name === "string" && SECRET_NAME.test(name);
}

/** Absent, empty and boolean values tell no secret, and are worth seeing. */
function holdsSomething(value: unknown): boolean {
  return value !== null && value !== "" && typeof value !== "boolean";
}

import { createHash, hash } from "node:crypto";
import { canonicalJson } from "../kernel/canonical-json.ts";
import { fail, ok, type Result } from "../kernel/result.ts";
import { type ResourceId, resourceType } from "./ids.ts";
import { type EncodedResource, RESOURCE_FORMATS, type Resource, resourceFormat } from "./resource.ts";

/** Bytes of a resource hash (SHA-256). */
export const HASH_BYTES = 32;

/** What travels for a resource: the same resource gives the same bytes and the same hash, whatever order it was built in. */
export function encodeResource(resource: Resource): EncodedResource {
  const { id } = resource;
  const format = resourceFormat(resource);
  const text = canonicalJson(resource);
  // What `hashResource` gives for these bytes, in two thirds of the time.
  const sum = hash("sha256", `${id}\n${format}\n${text}`, "buffer");
  return { id, format, hash: sum, body: Buffer.from(text) };
}

/** SHA-256 over id, format and body, separated by newlines (neither id nor format holds one, so the encoding is injective). */
export function hashResource(id: ResourceId, format: number, body: Uint8Array): Uint8Array {
  return createHash("sha256").update(`${id}\n${format}\n`).update(body).digest();
}

/** Whether the hash a resource carries is that of its bytes. */
export function isIntact(resource: EncodedResource): boolean {
  return Buffer.compare(resource.hash, hashResource(resource.id, resource.format, resource.body)) === 0;
}

/**
 * The resource in an encoded one, or why it cannot be read: a format of another version, bytes that are not JSON, or a body that
 * names another resource. Does not check the hash (see `isIntact`).
 */
export function decodeResource(encoded: EncodedResource): Result<Resource, string> {
  if (!RESOURCE_FORMATS.includes(encoded.format))
    return fail(`format ${encoded.format} is not known here (this version reads ${RESOURCE_FORMATS.join(" and ")})`);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(encoded.body.buffer, encoded.body.byteOffset, encoded.body.byteLength).toString("utf8"));
  } catch (cause) {
    return fail(`the body is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  const id = value !== null && typeof value === "object" ? (value as { id?: unknown }).id : undefined;
  if (id !== encoded.id) return fail(`the body belongs to ${JSON.stringify(id) ?? "nothing"}`);
  if (!TYPES.has(resourceType(encoded.id))) return fail(`the type ${resourceType(encoded.id)} is not known here`);
  return ok(value as Resource);
}

const TYPES: ReadonlySet<string> = new Set([
  "entryPoint",
  "router",
  "middleware",
  "service",
  "endpoints",
  "certificate",
  "settings",
  "tlsOption",
  "tlsHost",
  "tlsDefaults",
  "ticketSecret",
  "serversTransport",
]);

/**
 * The version of a set of resources: the sum of their hashes modulo 2^256. Independent of order; one change costs one addition.
 * The empty set is all zeros.
 */
export class SetHash {
  /** Big endian. */
  readonly #sum = new Uint8Array(HASH_BYTES);

  /** Counts a resource in. It must not be counted already. */
  add(hash: Uint8Array): void {
    let carry = 0;
    for (let i = HASH_BYTES - 1; i >= 0; i--) {
      carry += this.#sum[i]! + hash[i]!;
      this.#sum[i] = carry & 0xff;
      carry >>= 8;
    }
  }

  /** Takes a resource out that was counted in. */
  remove(hash: Uint8Array): void {
    let borrow = 0;
    for (let i = HASH_BYTES - 1; i >= 0; i--) {
      const difference = this.#sum[i]! - hash[i]! - borrow;
      this.#sum[i] = difference & 0xff;
      borrow = difference < 0 ? 1 : 0;
    }
  }

  /** A copy that changes on its own. */
  clone(): SetHash {
    const copy = new SetHash();
    copy.#sum.set(this.#sum);
    return copy;
  }

  /** The version as 64 hex digits. */
  hex(): string {
    return Buffer.from(this.#sum.buffer, this.#sum.byteOffset, this.#sum.byteLength).toString("hex");
  }
}

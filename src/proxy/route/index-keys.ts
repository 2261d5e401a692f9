import { type ObjectRef, objectKey } from "../../model/object-ref.ts";
import type { HostKey, RuleKeys } from "../../rules/keys.ts";

/**
 * How the route index is spelled in its segment table. `\0` stands in no host and no path, so the keys are injective.
 *
 *     h\0HOST          what there is under a host key (`HostContent`)
 *     e\0HOST\0PATH    routers whose path is PATH
 *     p\0HOST\0PREFIX  routers whose path begins with PREFIX
 *     r\0HOST          all other routers of the host key
 *     s\0NAME          certificates for a server name
 *     t\0ENTRYPOINT\0HOST   which TLSOption a host has, where that is not the default
 *     d\0              what counts for all TLS connections
 *     k\0              what session tickets are protected with
 *
 * HOST is a host, `*.SUFFIX` for one label more, or `*` for any host and none. The routers that hang under those of an object stand
 * in a layer of their own: there HOST begins with the layer's name, which ends in a newline, as no host does.
 */
export const ANY_HOST = "*";

export const HOST_HEAD = "h\0";
export const SERVER_NAME_HEAD = "s\0";
export const TLS_DEFAULTS_KEY = "d\0";
export const TICKET_SECRET_KEY = "k\0";

export function tlsHostKey(entryPoint: string, host: string): string {
  return `t\0${entryPoint}\0${host}`;
}

export function exactHead(host: string): string {
  return `e\0${host}\0`;
}

export function prefixHead(host: string): string {
  return `p\0${host}\0`;
}

export function restKey(host: string): string {
  return `r\0${host}`;
}

/** One place of a router in the index. `path` is "" for the rest. */
export interface Place {
  readonly host: string;
  readonly form: "exact" | "prefix" | "rest";
  readonly path: string;
}

/** The layer of what is served on entry points. */
export const ROOT_LAYER = "";

/** The name of the layer under an object. */
export function layerUnder(parent: ObjectRef): string {
  return `${objectKey(parent)}\n`;
}

/** All places of a rule: its hosts times its paths, in each of its layers. */
export function placesOf({ hosts, paths }: RuleKeys, layers: readonly string[]): Place[] {
  const own = hosts === "any" ? [ANY_HOST] : hosts.map(hostText);
  const hostTexts = layers.flatMap((layer) => own.map((host) => layer + host));
  if (paths === "any") return hostTexts.map((host) => ({ host, form: "rest", path: "" }));
  return hostTexts.flatMap((host) => paths.map(({ form, value }) => ({ host, form, path: value })));
}

/** The key of a place's bucket. */
export function bucketKey({ host, form, path }: Place): string {
  if (form === "rest") return restKey(host);
  return (form === "exact" ? exactHead(host) : prefixHead(host)) + path;
}

function hostText({ form, value }: HostKey): string {
  return form === "wildcard" ? `*.${value}` : value;
}

/** What a lookup has to try under a host key. */
export interface HostContent {
  readonly hasExact: boolean;
  readonly hasRest: boolean;
  /** Lengths of prefixes in characters, ascending, each once. */
  readonly prefixLengths: readonly number[];
}

const EXACT_FLAG = 1;
const REST_FLAG = 2;

export function encodeHostContent({ hasExact, hasRest, prefixLengths }: HostContent): Uint8Array {
  const bytes = Buffer.alloc(1 + 4 * prefixLengths.length);
  bytes[0] = (hasExact ? EXACT_FLAG : 0) | (hasRest ? REST_FLAG : 0);
  prefixLengths.forEach((length, i) => {
    bytes.writeUInt32LE(length, 1 + 4 * i);
  });
  return bytes;
}

export function decodeHostContent(bytes: Buffer, start: number, end: number): HostContent {
  const flags = bytes.readUInt8(start);
  const prefixLengths: number[] = [];
  for (let at = start + 1; at < end; at += 4) prefixLengths.push(bytes.readUInt32LE(at));
  return { hasExact: (flags & EXACT_FLAG) !== 0, hasRest: (flags & REST_FLAG) !== 0, prefixLengths };
}

/** One resource named in a bucket. The fingerprint makes the bucket's bytes change whenever the resource does. */
export interface Member {
  readonly id: string;
  /** 16 bytes as Latin-1 text. */
  readonly fingerprint: string;
}

const FINGERPRINT_LENGTH = 16;

/** A bucket's members, in order. */
export function encodeMembers(members: readonly Member[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(members.reduce((sum, { id }) => sum + FINGERPRINT_LENGTH + 4 + id.length, 0));
  let at = 0;
  for (const { id, fingerprint } of members) {
    at += bytes.write(fingerprint, at, "latin1");
    at = bytes.writeUInt32LE(id.length, at);
    at += bytes.write(id, at, "latin1");
  }
  return bytes;
}

export function decodeMembers(bytes: Buffer, start: number, end: number): Member[] {
  const members: Member[] = [];
  for (let at = start; at < end; ) {
    const idAt = at + FINGERPRINT_LENGTH + 4;
    const next = idAt + bytes.readUInt32LE(at + FINGERPRINT_LENGTH);
    members.push({ fingerprint: bytes.toString("latin1", at, idAt - 4), id: bytes.toString("latin1", idAt, next) });
    at = next;
  }
  return members;
}

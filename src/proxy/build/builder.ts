import { isIP } from "node:net";
import { compareText } from "../../kernel/compare-text.ts";
import { fail, ok, type Result } from "../../kernel/result.ts";
import type { Certificate } from "../../model/certificate.ts";
import { decodeResource, isIntact, SetHash } from "../../model/encode.ts";
import type { EntryPoint } from "../../model/entry-point.ts";
import { type ResourceId, resourceType } from "../../model/ids.ts";
import type { ProxySettings } from "../../model/proxy-settings.ts";
import { redactResource } from "../../model/redact.ts";
import type { EncodedResource, Resource } from "../../model/resource.ts";
import type { Router } from "../../model/router.ts";
import type { Endpoints } from "../../model/service.ts";
import type { Refusal } from "../../model/snapshot.ts";
import type { TlsHost } from "../../model/tls-host.ts";
import type { RuleKeys } from "../../rules/keys.ts";
import type { GenerationUpdate, ToBuild } from "../messages.ts";
import { TICKET_SECRET_KEY, TLS_DEFAULTS_KEY } from "../route/index-keys.ts";
import { ENTRY_POINTS_MAX } from "../worker/entry-point-bits.ts";
import { IndexWriter } from "./index-writer.ts";
import { FINGERPRINT_BYTES } from "./segment-format.ts";
import { SegmentWriter } from "./segment-writer.ts";
import { type TrialParts, tryResource } from "./trial.ts";

/** What a delta came to. */
export interface BuiltGeneration {
  readonly update: GenerationUpdate;
  /** All resources held that cannot be built, not only new ones; sorted by id. */
  readonly refused: readonly Refusal[];
  /** What is not as it was, or gone. */
  readonly changed: readonly ResourceId[];
}

export type ApplyRequest = Pick<Extract<ToBuild, { type: "apply" }>, "version" | "reset" | "upserts" | "removals">;

/**
 * Turns resources into segments: holds every resource as it came, builds each changed one once, and keeps those that build in the
 * resource table and the route index. The core of the build thread, without the thread.
 */
export class Builder {
  readonly #parts: TrialParts;
  readonly #held = new Map<ResourceId, EncodedResource>();
  readonly #refused = new Map<ResourceId, string>();
  readonly #entryPoints = new Map<ResourceId, EntryPoint>();
  readonly #settings = new Map<ResourceId, ProxySettings>();
  readonly #hostnames = new Map<ResourceId, readonly string[]>();
  readonly #table = new SegmentWriter();
  readonly #indexTable = new SegmentWriter();
  readonly #index = new IndexWriter(this.#indexTable);
  #version = new SetHash();
  #sequence = 0;

  constructor(parts: TrialParts) {
    this.#parts = parts;
  }

  /** Sequence of the last generation built; 0 before the first. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Version of what is held. */
  get version(): string {
    return this.#version.hex();
  }

  /** A resource as it came; null when it is not held. */
  resource(id: ResourceId): EncodedResource | null {
    return this.#held.get(id) ?? null;
  }

  /** All resources, as they came: those that were refused too. */
  held(): EncodedResource[] {
    return [...this.#held.values()];
  }

  /**
   * Applies a delta as a whole, or says why nothing was changed: a resource whose hash is not that of its bytes, or a version that
   * does not come out. A resource that cannot be built is refused and left out; the rest applies.
   */
  apply({ version, reset, upserts, removals }: ApplyRequest): Result<BuiltGeneration, string> {
    const damaged = upserts.find((resource) => !isIntact(resource));
    if (damaged !== undefined) return fail(`the hash of ${damaged.id} is not that of its bytes`);
    const changes = this.#changes(reset, upserts, removals);
    const sum = this.#sumAfter(changes);
    if (sum.hex() !== version) return fail(`the version comes out as ${sum.hex()}, not ${version}`);
    for (const [id, resource] of changes) this.#replace(id, resource);
    this.#version = sum;
    this.#index.flush();
    return ok({ ...this.#build(), changed: [...changes.keys()] });
  }

  /** The generation with this sequence is live: its shards need not be handed out again. */
  settle(sequence: number): void {
    this.#table.settle(sequence);
    this.#indexTable.settle(sequence);
  }

  /** Everything held as JSON, secrets redacted. */
  describe(): string {
    const resources = this.held()
      .sort((a, b) => compareText(a.id, b.id))
      .map((encoded) => decodeResource(encoded))
      .flatMap((decoded) => (decoded.ok ? [redactResource(decoded.value)] : []));
    return JSON.stringify({ version: this.version, sequence: this.#sequence, refused: this.#refusals([]), resources });
  }

  /** What becomes of each id: null is removed. What is held already in the same form is no change. */
  #changes(reset: boolean, upserts: readonly EncodedResource[], removals: readonly ResourceId[]) {
    const changes = new Map<ResourceId, EncodedResource | null>();
    for (const id of reset ? this.#held.keys() : removals) changes.set(id, null);
    for (const resource of upserts) changes.set(resource.id, resource);
    for (const [id, resource] of changes) {
      const before = this.#held.get(id);
      const isSame = resource === null ? before === undefined : before !== undefined && isEqual(before.hash, resource.hash);
      if (isSame) changes.delete(id);
    }
    return changes;
  }

  #sumAfter(changes: ReadonlyMap<ResourceId, EncodedResource | null>): SetHash {
    const sum = this.#version.clone();
    for (const [id, resource] of changes) {
      const before = this.#held.get(id);
      if (before !== undefined) sum.remove(before.hash);
      if (resource !== null) sum.add(resource.hash);
    }
    return sum;
  }

  #replace(id: ResourceId, resource: EncodedResource | null): void {
    this.#refused.delete(id);
    this.#entryPoints.delete(id);
    this.#settings.delete(id);
    this.#hostnames.delete(id);
    if (resource === null) {
      this.#held.delete(id);
      this.#leaveOut(id);
      return;
    }
    const own = { ...resource, hash: detached(resource.hash), body: detached(resource.body) };
    this.#held.set(id, own);
    const decoded = decodeResource(own);
    const trial = decoded.ok ? tryResource(decoded.value, this.#parts) : decoded;
    if (decoded.ok && trial.ok) {
      this.#putIn(own, decoded.value, trial.value);
    } else if (!trial.ok) {
      this.#leaveOut(id);
      this.#refused.set(id, trial.error);
    }
  }

  #putIn({ id, hash, body }: EncodedResource, resource: Resource, keys: RuleKeys | null): void {
    const fingerprint = hash.subarray(0, FINGERPRINT_BYTES);
    const member = { id, fingerprint: Buffer.from(fingerprint).toString("latin1") };
    this.#table.set(id, body, fingerprint);
    if (keys !== null) this.#index.setRouter(member, resource as Router, keys);
    const type = resourceType(id);
    if (type === "certificate") this.#index.setCertificate(member, resource as Certificate);
    if (type === "tlsHost") this.#index.setTlsHost(member, resource as TlsHost);
    if (type === "tlsDefaults") this.#index.setOnly(member, TLS_DEFAULTS_KEY);
    if (type === "ticketSecret") this.#index.setOnly(member, TICKET_SECRET_KEY);
    if (type === "entryPoint") this.#entryPoints.set(id, resource as EntryPoint);
    if (type === "settings") this.#settings.set(id, resource as ProxySettings);
    if (type === "endpoints") this.#noteHostnames(id, resource as Endpoints);
  }

  #leaveOut(id: ResourceId): void {
    this.#table.delete(id);
    this.#index.delete(id);
  }

  #noteHostnames(id: ResourceId, { servers }: Endpoints): void {
    const names = servers.map((server) => server.address).filter((address) => isIP(address) === 0);
    if (names.length > 0) this.#hostnames.set(id, names);
  }

  #build(): Omit<BuiltGeneration, "changed"> {
    this.#sequence++;
    const { usable, refused } = chooseEntryPoints([...this.#entryPoints.values()]);
    const update: GenerationUpdate = {
      sequence: this.#sequence,
      version: this.version,
      entryPoints: usable,
      index: this.#indexTable.build(this.#sequence),
      resources: this.#table.build(this.#sequence),
      settings: [...this.#settings.values()][0] ?? null,
      hostnames: [...new Set([...this.#hostnames.values()].flat())].sort(),
    };
    return { update, refused: this.#refusals(refused) };
  }

  #refusals(more: readonly Refusal[]): Refusal[] {
    const own = [...this.#refused].map(([id, reason]) => ({ id, reason }));
    return [...own, ...more].sort((a, b) => compareText(a.id, b.id));
  }
}

/** Entry points by name; each name once, and no more than there are bits for. */
function chooseEntryPoints(all: readonly EntryPoint[]): { usable: EntryPoint[]; refused: Refusal[] } {
  const usable: EntryPoint[] = [];
  const refused: Refusal[] = [];
  for (const entryPoint of all.toSorted((a, b) => compareText(a.name, b.name) || compareText(a.id, b.id))) {
    if (usable.at(-1)?.name === entryPoint.name) refused.push({ id: entryPoint.id, reason: "another entry point has this name" });
    else if (usable.length < ENTRY_POINTS_MAX) usable.push(entryPoint);
    else refused.push({ id: entryPoint.id, reason: `there can be no more than ${ENTRY_POINTS_MAX} entry points` });
  }
  return { usable, refused };
}

/** Bytes that hold no larger buffer in memory (a chunk of the channel, or a pool). */
function detached(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength === bytes.byteLength ? bytes : Uint8Array.from(bytes);
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

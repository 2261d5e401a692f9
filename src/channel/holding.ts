import { fail, ok, type Result } from "../kernel/result.ts";
import { HASH_BYTES, SetHash } from "../model/encode.ts";
import type { ResourceId } from "../model/ids.ts";
import type { EncodedResource } from "../model/resource.ts";
import type { Refusal } from "../model/snapshot.ts";
import type { AssembledDelta, Position } from "./chunks.ts";

/** What a proxy holds before it has connected: its last good snapshot, or nothing. */
export interface InitialHolding {
  /** "" when nothing is held. */
  readonly version: string;
  readonly hashes: Iterable<readonly [ResourceId, Uint8Array]>;
  /** What of it could not be built. */
  readonly refused?: readonly Refusal[];
}

/** A delta checked against what is held: what is really new, and what is really gone. */
export interface CheckedDelta {
  readonly version: string;
  /** Whether everything held before is to be dropped first. */
  readonly reset: boolean;
  readonly upserts: readonly EncodedResource[];
  readonly removals: readonly ResourceId[];
}

/** What became of a delta in the proxy. */
export type Outcome =
  /** Every live worker runs it; tombstones stand for what was refused. */
  | { readonly applied: true; readonly refused: readonly Refusal[] }
  /** Nothing of it applies; the proxy keeps what it had. */
  | { readonly applied: false; readonly reason: string };

/** What the proxy holds, as hashes: it says so when it subscribes, and no delta applies whose version does not come out. */
export class Holding {
  #version: string;
  readonly #hashes: Map<ResourceId, Uint8Array>;
  #sum = new SetHash();
  #position: Position = { term: 0n, sequence: 0n, lease: "" };
  #refused: readonly Refusal[];
  #dropNext = false;

  constructor(initial: InitialHolding) {
    this.#version = initial.version;
    this.#hashes = new Map(initial.hashes);
    this.#refused = initial.refused ?? [];
    for (const hash of this.#hashes.values()) this.#sum.add(hash);
  }

  get version(): string {
    return this.#dropNext ? "" : this.#version;
  }

  get position(): Position {
    return this.#position;
  }

  /** What of it could not be built. */
  get refused(): readonly Refusal[] {
    return this.#dropNext ? [] : this.#refused;
  }

  /** What to subscribe with. */
  hashes(): ReadonlyMap<ResourceId, Uint8Array> {
    return this.#dropNext ? new Map() : this.#hashes;
  }

  /** From now on nothing counts as held, until a delta from nothing has been taken over. What runs keeps running. */
  forget(): void {
    this.#dropNext = true;
  }

  /** Checks a delta without taking it over. Fails when it goes back in time or its version does not come out. */
  check(delta: AssembledDelta): Result<{ readonly checked: CheckedDelta; readonly sum: SetHash }, string> {
    if (isBefore(delta.position, this.#position)) {
      return fail(`version ${delta.version} comes from an operator that has been succeeded (term ${delta.position.term})`);
    }
    const reset = this.#dropNext;
    const held: ReadonlyMap<ResourceId, Uint8Array> = reset ? new Map() : this.#hashes;
    const sum = reset ? new SetHash() : this.#sum.clone();
    const removals = delta.removals.filter((id) => held.has(id));
    for (const id of removals) sum.remove(held.get(id)!);
    const upserts = [...new Map(delta.upserts.map((resource) => [resource.id, resource])).values()];
    for (const { id, hash } of upserts) {
      if (hash.length !== HASH_BYTES) return fail(`the hash of ${id} has ${hash.length} bytes`);
      const before = held.get(id);
      if (before) sum.remove(before);
      sum.add(hash);
    }
    if (sum.hex() !== delta.version) return fail(`the version is ${sum.hex()} after applying, not ${delta.version}`);
    return ok({ checked: { version: delta.version, reset, upserts, removals }, sum });
  }

  /** What of it cannot be built is different now. */
  refuse(refused: readonly Refusal[]): void {
    this.#refused = refused;
  }

  /** Takes over what `check` allowed and the proxy applied, but for what it `refused`. */
  apply(checked: CheckedDelta, sum: SetHash, position: Position, refused: readonly Refusal[]): void {
    if (checked.reset) this.#hashes.clear();
    for (const id of checked.removals) this.#hashes.delete(id);
    for (const { id, hash } of checked.upserts) this.#hashes.set(id, hash);
    this.#sum = sum;
    this.#version = checked.version;
    this.#position = position;
    this.#refused = refused;
    this.#dropNext = false;
  }
}

/** Whether a delta leaves everything as it is, and only says where in the order of snapshots that stands. */
export function changesNothing({ reset, upserts, removals }: CheckedDelta): boolean {
  return !reset && upserts.length === 0 && removals.length === 0;
}

/** Whether `a` comes before `b`. Positions of term 0, and those that different Leases count, are in no order. */
function isBefore(a: Position, b: Position): boolean {
  if (a.term === 0n || b.term === 0n || a.lease !== b.lease) return false;
  return a.term < b.term || (a.term === b.term && a.sequence < b.sequence);
}

import type { ResourceId } from "./ids.ts";
import type { EncodedResource } from "./resource.ts";

/** All resources of one ingress class at one moment. The same world gives the same version and the same bytes. */
export interface Snapshot {
  readonly class: string;
  /** Set hash: the sum of all resources' hashes modulo 2^256, as 64 hex digits. Independent of order. */
  readonly version: string;
  readonly resources: ReadonlyMap<ResourceId, EncodedResource>;
}

/** What leads from one snapshot to another. */
export interface Delta {
  readonly class: string;
  /** The version it starts from; "" when it starts from nothing. */
  readonly from: string;
  readonly to: string;
  readonly upserts: readonly EncodedResource[];
  readonly removals: readonly ResourceId[];
}

/** A resource a proxy could not build, and why. The proxy holds a tombstone in its place. */
export interface Refusal {
  readonly id: ResourceId;
  readonly reason: string;
}

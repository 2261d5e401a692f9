import type { ApiMetadata, ApiObject } from "../api/api.ts";

/** What a Lease (coordination.k8s.io/v1) says, as far as it matters here. */
export interface LeaseRecord {
  /** Identity of the replica that holds it; "" when it was given back. */
  readonly holder: string;
  /** Where proxies reach the holder; "" when it does not say. */
  readonly url: string;
  /** How long the holder may stay silent before others take over; null when it does not say. */
  readonly durationMs: number | null;
  /** How often it has changed hands: the number of the term. */
  readonly transitions: number;
  readonly acquireTime: string;
  /** Changes with every renewal. By the holder's clock, so it is never compared with ours. */
  readonly renewTime: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** What a holder writes. */
export type LeaseWish = Omit<LeaseRecord, "uid" | "resourceVersion">;

/** Annotation with the URL at which proxies reach the holder. */
const URL_ANNOTATION = "fairway.dev/holder-url";

interface LeaseSpec {
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number | null;
  readonly leaseTransitions?: number | null;
  readonly acquireTime?: string | null;
  readonly renewTime?: string | null;
}

/** Reads a Lease. */
export function readLease({ metadata, spec }: ApiObject): LeaseRecord {
  const { holderIdentity, leaseDurationSeconds, leaseTransitions, acquireTime, renewTime } = (spec ?? {}) as LeaseSpec;
  return {
    holder: holderIdentity ?? "",
    url: metadata.annotations?.[URL_ANNOTATION] ?? "",
    durationMs: leaseDurationSeconds == null ? null : leaseDurationSeconds * 1_000,
    transitions: leaseTransitions ?? 0,
    acquireTime: acquireTime ?? "",
    renewTime: renewTime ?? "",
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
  };
}

/** The Lease to write: in place of `former`, which has to be unchanged since it was read; or a new one. */
export function writtenLease(namespace: string, name: string, wish: LeaseWish, former: ApiObject | null): ApiObject {
  const annotations = { ...former?.metadata.annotations, [URL_ANNOTATION]: wish.url };
  const metadata: ApiMetadata = { ...former?.metadata, name, namespace, annotations };
  const spec = {
    ...(former?.spec as LeaseSpec | undefined),
    holderIdentity: wish.holder,
    leaseDurationSeconds: Math.max(1, Math.ceil((wish.durationMs ?? 1_000) / 1_000)),
    leaseTransitions: wish.transitions,
    acquireTime: wish.acquireTime,
    renewTime: wish.renewTime,
  };
  return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
}

/** A moment as Leases carry it: RFC 3339 with microseconds (MicroTime). */
export function microTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace("Z", "000Z");
}

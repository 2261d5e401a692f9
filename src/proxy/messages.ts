import type { EntryPoint } from "../model/entry-point.ts";
import type { ResourceId } from "../model/ids.ts";
import type { ProxySettings } from "../model/proxy-settings.ts";
import type { EncodedResource } from "../model/resource.ts";
import type { Refusal } from "../model/snapshot.ts";
import type { AccessLogOptions } from "../telemetry/access-log.ts";
import type { OverloadMarks } from "./worker/overload.ts";

/**
 * What the threads of one proxy say to each other. The supervisor (main thread) stands in the middle; the build thread turns
 * resources into immutable segments; workers carry traffic. A new generation takes two steps: all prepare, then all switch; a worker that
 * is alone takes both at once.
 */

/** One shard of a segment table that changed; the bytes are immutable once sent. */
export interface ShardUpdate {
  readonly shard: number;
  readonly bytes: SharedArrayBuffer;
}

/** What leads from the generation before to this one: only the shards that changed. */
export interface GenerationUpdate {
  /** Counts up by one per generation of this proxy process. */
  readonly sequence: number;
  /** Version of the snapshot it realises. */
  readonly version: string;
  /** All entry points; their position is their bit in a router's mask. */
  readonly entryPoints: readonly EntryPoint[];
  /**
   * Names of entry points whose address someone else has: workers do not open them. Set by the supervisor, which tries each new
   * address once for all workers (with `reusePort`, a worker alone could not tell).
   */
  readonly taken?: readonly string[];
  /** Whether no operator has been heard for long: ClusterIPs take the place of endpoints. Set by the supervisor. */
  readonly isIsolated?: boolean;
  /** What proxies of the class are told beside; absent and null: nothing. */
  readonly settings?: ProxySettings | null;
  /** Shards of the route index (host and path buckets, server names). */
  readonly index: readonly ShardUpdate[];
  /** Shards of the resource table (id → hash and body). */
  readonly resources: readonly ShardUpdate[];
  /** External host names that services of this generation need resolved. */
  readonly hostnames: readonly string[];
}

// --- supervisor → build thread ---

/** Given to the build thread at its start. */
export interface BuildStart {
  /** Folder of the last good snapshot; null keeps none. */
  readonly stateDirectory: string | null;
  /** File with the secret (at least 32 bytes) that certificates on disk are encrypted with; null leaves them out. */
  readonly stateKeyFile: string | null;
}

export type ToBuild =
  /** Read the last good snapshot from disk, if there is one. Answered by `restored`. */
  | { readonly type: "restore" }
  /** Apply a delta. Answered by `built`. With `reset`, everything held before is dropped first. */
  | {
      readonly type: "apply";
      readonly version: string;
      readonly reset: boolean;
      readonly upserts: readonly EncodedResource[];
      readonly removals: readonly ResourceId[];
    }
  /** The generation is live on all workers: write it to disk as the last good one. */
  | { readonly type: "commit"; readonly sequence: number }
  /** What is live, redacted, for the admin port. Answered by `described`. */
  | { readonly type: "describe"; readonly request: number }
  /** Write what is still to be written, then end the thread. */
  | { readonly type: "close" };

// --- build thread → supervisor ---

export type FromBuild =
  | {
      readonly type: "restored";
      /** Null when there was no usable snapshot. */
      readonly update: GenerationUpdate | null;
      readonly held: readonly (readonly [ResourceId, Uint8Array])[];
      readonly refused: readonly Refusal[];
    }
  /**
   * The update holds every shard that changed since the last generation that was committed, so that one that was forgotten leaves
   * no gap. `refused` names all resources of the generation that could not be built, not only those of this delta.
   */
  | { readonly type: "built"; readonly update: GenerationUpdate; readonly refused: readonly Refusal[] }
  /** The delta could not be applied as a whole (its version does not come out): the held state is unchanged. */
  | { readonly type: "rejected"; readonly version: string; readonly reason: string }
  | { readonly type: "described"; readonly request: number; readonly json: string }
  | {
      readonly type: "log";
      readonly level: "info" | "warn" | "error";
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    };

// --- supervisor → worker ---

/** Given to a worker thread at its start. */
export interface WorkerStart {
  /** Row of this worker in shared state, from 0. */
  readonly slot: number;
  /** Everything live now, as one update that starts from nothing; null before the first generation. */
  readonly generation: GenerationUpdate | null;
  /** PEM of the self-signed certificate for names nobody has a certificate for. */
  readonly defaultCertificate: { readonly chainPem: string; readonly keyPem: string };
  /** Random bytes, the same for all workers of the proxy: TLS sessions may resume on any of them where the class says nothing of it. */
  readonly ticketKeys: Uint8Array;
  /** Addresses of external names known so far. */
  readonly names: readonly ResolvedName[];
  /** How exchanges are logged; absent: they are not. */
  readonly accessLog?: AccessLogOptions;
  /** This worker's row of counters (see `telemetry/worker-counters.ts`). */
  readonly counters: SharedArrayBuffer;
  /** Where connections are counted, over all workers (see `listen/shared-tally.ts`); `slot` is this worker's row. */
  readonly tally: SharedArrayBuffer;
  /** From which load on it gives way. */
  readonly overloadMarks: OverloadMarks;
}

export interface ResolvedName {
  readonly hostname: string;
  /** IP addresses; empty when the name does not resolve. */
  readonly addresses: readonly string[];
}

export type ToWorker =
  /** `alone`: there is no other worker to wait for, so that it takes both steps at once. */
  | { readonly type: "prepare"; readonly update: GenerationUpdate; readonly alone: boolean }
  | { readonly type: "switch"; readonly sequence: number }
  /** The prepared generation will not come: forget it. */
  | { readonly type: "forget"; readonly sequence: number }
  | { readonly type: "names"; readonly names: readonly ResolvedName[] }
  /** From now on `Connection: close` on every response; listeners stay open, and idle connections, on which a request may be coming. */
  | { readonly type: "drain" }
  /** Close listeners; exit when the last exchange ends or `deadlineMs` has passed. */
  | { readonly type: "close"; readonly deadlineMs: number };

// --- worker → supervisor ---

export type FromWorker =
  /** Started, and holding this generation (0: none). It listens from its first switch on: what it holds may be behind by then. */
  | { readonly type: "ready"; readonly sequence: number }
  /**
   * New listeners are bound, everything is in place; `problem` names an entry point that could not be opened. With a `refusal` the
   * generation cannot be used, and the worker runs on what it has. `hasSwitched`: it was asked `alone`, and runs it.
   */
  | {
      readonly type: "prepared";
      readonly sequence: number;
      readonly problem: string | null;
      readonly refusal: string | null;
      readonly hasSwitched: boolean;
    }
  | { readonly type: "switched"; readonly sequence: number }
  /** Whole lines of the access log. */
  | { readonly type: "accessLog"; readonly lines: Uint8Array<ArrayBuffer> }
  /** Sent once a second: shows that the thread lives, and what load it carries. */
  | { readonly type: "alive"; readonly connections: number; readonly lastAcceptMs: number }
  | {
      readonly type: "log";
      readonly level: "info" | "warn" | "error";
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    };

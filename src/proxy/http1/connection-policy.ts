import type { EntryPointPolicy } from "../../model/entry-point.ts";
import { type PathPolicy, pathPolicy } from "../../rules/canonical-path.ts";
import { FIELDS_MAX } from "./fields.ts";
import { HEAD_BYTES_MAX, REPLAY_BYTES_MAX, TIMEOUTS, type Timeouts } from "./limits.ts";
import { TARGET_BYTES_MAX } from "./request-parser.ts";

/** What a client's connection is held to, from its accept to its end: what its entry point said when it came. */
export interface ConnectionPolicy {
  readonly timeouts: Timeouts;
  /** Requests on the connection; Infinity: no limit. */
  readonly requestsMax: number;
  readonly headBytesMax: number;
  readonly targetBytesMax: number;
  readonly fieldsMax: number;
  /** Bytes of one request body; Infinity: no limit. */
  readonly bodyBytesMax: number;
  readonly replayBytesMax: number;
  /** Whether the client's address is left out of X-Forwarded-For. */
  readonly hidesClientAddress: boolean;
  /** Names, in lower case, of request fields that pass though the client lists them in Connection. */
  readonly keptFields: readonly string[];
  readonly underscored: "drop" | "keep" | "reject";
  readonly path: PathPolicy;
}

/** The policy of an entry point, within the bounds of the engine; `timeouts` are those of the worker, and count where the entry point says nothing. */
export function connectionPolicy(own: EntryPointPolicy = {}, timeouts: Timeouts = TIMEOUTS): ConnectionPolicy {
  return {
    timeouts: {
      ...timeouts,
      headMs: own.headMs ?? timeouts.headMs,
      keepAliveMs: own.keepAliveMs ?? timeouts.keepAliveMs,
      handshakeMs: own.handshakeMs ?? timeouts.handshakeMs,
      requestIdleMs: own.requestBodyIdleMs ?? timeouts.requestIdleMs,
      responseIdleMs: own.responseIdleMs ?? timeouts.responseIdleMs,
      tunnelIdleMs: orNever(own.tunnelIdleMs ?? timeouts.tunnelIdleMs),
      ageMs: orNever(own.connectionAgeMs ?? timeouts.ageMs),
    },
    requestsMax: orNever(own.requestsPerConnectionMax ?? 0),
    headBytesMax: Math.min(own.headBytesMax ?? HEAD_BYTES_MAX, HEAD_BYTES_MAX),
    targetBytesMax: own.targetBytesMax ?? TARGET_BYTES_MAX,
    fieldsMax: own.fieldsMax ?? FIELDS_MAX,
    bodyBytesMax: orNever(own.bodyBytesMax ?? 0),
    replayBytesMax: Math.min(own.replayBytesMax ?? REPLAY_BYTES_MAX, REPLAY_BYTES_MAX),
    hidesClientAddress: own.hidesClientAddress === true,
    keptFields: own.keptFields ?? [],
    underscored: own.underscored ?? "drop",
    path: pathPolicy(own.keepsSlashes === true, own.allowedEscapes ?? ""),
  };
}

/** What connections are held to where nothing is said. */
export const DEFAULT_POLICY = connectionPolicy();

/** 0 stands for no bound. */
function orNever(bound: number): number {
  return bound === 0 ? Number.POSITIVE_INFINITY : bound;
}

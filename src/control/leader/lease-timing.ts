/** The clockwork of a Lease. */
export interface LeaseTiming {
  /** A holder that others have seen silent for this long is succeeded. Whole seconds: the Lease says it. */
  readonly durationMs: number;
  /** A holder that has not renewed for this long stops, so that it has stopped before anybody else can begin. */
  readonly fenceMs: number;
  /** Pause between renewals, and between looks of those who wait; jittered by a fifth. */
  readonly retryMs: number;
  /** After this time without an answer the API server is asked again. */
  readonly attemptMs: number;
  /** How long a holder that stops waits to hear who comes next. */
  readonly successorMs: number;
}

/**
 * The clockwork for a duration in ms: a holder tries to renew seven times in it, and stops after two thirds of it. The third that is
 * left is what clocks may run differently, and threads stand still between a look at the clock and what follows it.
 */
export function leaseTiming(durationMs: number): LeaseTiming {
  return {
    durationMs,
    fenceMs: (durationMs * 2) / 3,
    retryMs: (durationMs * 2) / 15,
    attemptMs: durationMs / 3,
    successorMs: 1_000,
  };
}

/** Of a Lease of 15 s. */
export const LEASE_TIMING: LeaseTiming = leaseTiming(15_000);

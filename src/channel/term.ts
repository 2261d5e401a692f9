/** A stretch of time in which one replica of the operator has the right to publish. */
export interface Term {
  /** How often the right has changed hands: higher than that of every term before. 0 when nobody counts. */
  readonly number: bigint;
  /** UID of the Lease that counts; "" when nobody does. */
  readonly lease: string;
  /** Whether the right is still there, by the time that has passed: false before anyone else can have it, whatever delays the news. */
  isCurrent(): boolean;
}

/** Of an operator that is alone, and so needs no right. */
export const ENDLESS_TERM: Term = { number: 0n, lease: "", isCurrent: () => true };

/** Whether a worker has more to do than it should. */
export interface OverloadState {
  /** The first mark is passed: every answer ends its connection, and no HTTP/2 stream is begun. */
  readonly isStrained: boolean;
  /** The second mark is passed: who comes is let go at once. */
  readonly isShedding: boolean;
}

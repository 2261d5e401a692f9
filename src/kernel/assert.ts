/** Ends the thread that breaks an invariant. `what` says what must hold. Never for input: that gets a Problem or a Failure. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new AssertionError(what);
}

export class AssertionError extends Error {
  constructor(what: string) {
    super(`invariant broken: ${what}`);
    this.name = "AssertionError";
  }
}

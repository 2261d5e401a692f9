import type { Clock } from "../../kernel/clock.ts";

/**
 * The promise's value, or null when it does not come within `limitMs`.
 *
 * A value that has arrived but waits behind a busy event loop is in time: after the limit, what is queued is read once more.
 */
export function within<T>(clock: Clock, limitMs: number, promise: Promise<T>): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limitMs, () => setImmediate(() => setImmediate(resolve, null)));
    promise.then(resolve, reject).finally(cancel);
  });
}

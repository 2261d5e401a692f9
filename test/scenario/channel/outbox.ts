/** Most messages that wait for a stream that does not take them; answers are one at a time, so this is never reached honestly. */
const OUTBOX_MAX = 1_000;

/** What one side still has to say, as the async iterable a stream reads from. One reader. */
export class Outbox<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = [];
  #closed = false;
  #wake: () => void = () => {};

  /** Puts a message at the end; false when the box is full or closed. */
  put(message: T): boolean {
    if (this.#closed || this.#waiting.length >= OUTBOX_MAX) return false;
    this.#waiting.push(message);
    this.#wake();
    return true;
  }

  /** No more messages; what waits is still read. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next !== undefined) yield next;
      else if (this.#closed) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

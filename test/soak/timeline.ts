/** A value, and when a request may meet it (ms, on one clock). */
interface Span<T> {
  readonly value: T;
  readonly fromMs: number;
  untilMs: number;
}

/** Spans that ended longer ago than this are forgotten: no exchange lasts as long. */
const KEPT_MS = 120_000;

/** What one thing in the configuration has been over time, as far as a client can tell from outside. */
export class Timeline<T> {
  #spans: Span<T>[];

  constructor(value: T) {
    this.#spans = [{ value, fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY }];
  }

  /** The newest value, live or not yet. */
  get latest(): T {
    return (this.#spans.at(-1) as Span<T>).value;
  }

  /** From now on requests may meet `value`, and until `settle` what was before. */
  change(value: T, atMs: number): void {
    this.#spans = this.#spans.filter(({ untilMs }) => untilMs > atMs - KEPT_MS);
    this.#spans.push({ value, fromMs: atMs, untilMs: Number.POSITIVE_INFINITY });
  }

  /** The newest value is live everywhere: nothing else is met by a request that begins later. */
  settle(atMs: number): void {
    for (const span of this.#spans.slice(0, -1)) span.untilMs = Math.min(span.untilMs, atMs);
  }

  /** What a request between these times may have met. */
  possible(fromMs: number, toMs: number): readonly T[] {
    return this.#spans.filter((span) => span.fromMs <= toMs && span.untilMs >= fromMs).map(({ value }) => value);
  }
}

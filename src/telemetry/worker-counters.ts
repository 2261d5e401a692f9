/**
 * What every worker counts, in the order of the row. `connectionsOpen`, `connectionsBusy` (with a request under way) and `upstreamOpen`
 * (connections to servers, those under way included) go up and down, and so does `overload`, which is 0, 1 (no keep-alive) or 2 (nobody
 * comes in); the others only up.
 * The names `requests1xx` to `requests5xx` stand together: `requestCounter` relies on it.
 */
export const COUNTERS = [
  "connectionsAccepted",
  "connectionsOpen",
  "connectionsBusy",
  "connectionsShed",
  "connectionsOverLimit",
  "connectionsOverAddressLimit",
  "proxyHeadersRefused",
  "overload",
  "requests1xx",
  "requests2xx",
  "requests3xx",
  "requests4xx",
  "requests5xx",
  "upstreamConnects",
  "upstreamOpen",
  "upstreamRetries",
  "upstreamFailures",
  "bytesIn",
  "bytesOut",
] as const;

export type CounterName = (typeof COUNTERS)[number];

/** Position of a counter in a row. */
export type CounterIndex = number & { readonly __counter: true };

/** Positions by name: look them up once, not per request. */
export const COUNTER: Readonly<Record<CounterName, CounterIndex>> = Object.freeze(
  Object.fromEntries(COUNTERS.map((name, index) => [name, index])) as Record<CounterName, CounterIndex>,
);

/** The counter of a response's status class; 100 to 599. Allocates: nothing. */
export function requestCounter(status: number): CounterIndex {
  return (COUNTER.requests1xx + Math.floor(status / 100) - 1) as CounterIndex;
}

/** Memory for one row. */
export function newCounterRow(): SharedArrayBuffer {
  return new SharedArrayBuffer(COUNTERS.length * Float64Array.BYTES_PER_ELEMENT);
}

/**
 * One worker's counters in shared memory. Only that worker adds, so no atomics are needed: an aligned 8-byte store is never torn
 * on the machines Node runs on. Others read, and may be a moment behind. Doubles count exactly up to 2^53.
 */
export class CounterRow {
  readonly #cells: Float64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#cells = new Float64Array(buffer);
  }

  /** Adds `n`, which may be negative. Allocates: nothing. */
  add(counter: CounterIndex, n: number): void {
    this.#cells[counter] = this.#cells[counter]! + n;
  }

  read(counter: CounterIndex): number {
    return this.#cells[counter]!;
  }

  /** What a worker that ended no longer has: its open connections. Totals stay, so that they never go back. */
  retire(): void {
    this.#cells[COUNTER.connectionsOpen] = 0;
    this.#cells[COUNTER.connectionsBusy] = 0;
    this.#cells[COUNTER.upstreamOpen] = 0;
    this.#cells[COUNTER.overload] = 0;
  }
}

/** Sums one counter over all workers. */
export function sumCounters(rows: readonly CounterRow[], counter: CounterIndex): number {
  let sum = 0;
  for (const row of rows) sum += row.read(counter);
  return sum;
}

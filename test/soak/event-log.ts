import type { RunEvent } from "../../src/cmd/run-events.ts";
import { soakMs } from "./soak-clock.ts";

/** Who told an event. */
export type EventSource = "operator" | "proxy";

interface Entry {
  readonly source: EventSource;
  readonly event: RunEvent;
  readonly atMs: number;
}

interface Waiting {
  readonly passes: (entry: Entry) => boolean;
  readonly resolve: (entry: Entry) => void;
}

/** The most events that are kept: more than come within any wait. */
const KEPT_MAX = 2_000;

/** How many of the last are shown where one does not come. */
const SHOWN = 40;

/** What operator and proxy tell, whichever of their processes it is. */
export class EventLog {
  readonly #counts = new Map<RunEvent["event"], number>();
  #entries: Entry[] = [];
  #waiting: Waiting[] = [];

  add(source: EventSource, event: RunEvent): void {
    const entry = { source, event, atMs: soakMs() };
    this.#counts.set(event.event, this.count(event.event) + 1);
    this.#entries.push(entry);
    if (this.#entries.length > 2 * KEPT_MAX) this.#entries = this.#entries.slice(-KEPT_MAX);
    for (const waiting of this.#waiting.filter(({ passes }) => passes(entry))) waiting.resolve(entry);
  }

  /** How many of a kind came. */
  count(name: RunEvent["event"]): number {
    return this.#counts.get(name) ?? 0;
  }

  /** The first event of a kind since then that passes, waited for; rejects when none comes in time. */
  async since<E extends RunEvent["event"]>(
    sinceMs: number,
    name: E,
    passes: (event: Extract<RunEvent, { readonly event: E }>) => boolean,
    limitMs: number,
  ): Promise<{ readonly event: Extract<RunEvent, { readonly event: E }>; readonly atMs: number }> {
    const fits = ({ event, atMs }: Entry): boolean => atMs >= sinceMs && isNamed(event, name) && passes(event);
    const found = this.#entries.find(fits) ?? (await this.#next(fits, limitMs, name));
    return found as unknown as { readonly event: Extract<RunEvent, { readonly event: E }>; readonly atMs: number };
  }

  #next(passes: (entry: Entry) => boolean, limitMs: number, name: string): Promise<Entry> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
      };
      const waiting: Waiting = {
        passes,
        resolve: (entry) => {
          done();
          resolve(entry);
        },
      };
      const timer = setTimeout(() => {
        done();
        const last = this.#entries
          .slice(-SHOWN)
          .map(({ source, event, atMs }) => `${Math.round(atMs)} ${source} ${JSON.stringify(event)}`);
        reject(new Error(`no event "${name}" within ${limitMs} ms; the last:\n${last.join("\n")}`));
      }, limitMs);
      this.#waiting.push(waiting);
    });
  }
}

function isNamed<E extends RunEvent["event"]>(event: RunEvent, name: E): event is Extract<RunEvent, { readonly event: E }> {
  return event.event === name;
}

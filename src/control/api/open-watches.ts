import type { Clock } from "../../kernel/clock.ts";
import { ApiUnreachable, ConnectionDistrusted } from "./api.ts";

/** A watch under way. */
export interface OpenWatch {
  /** Aborts when the caller gives up, when nothing came for too long, or when the connection is no longer to be trusted. */
  readonly signal: AbortSignal;
  /** Something came. */
  noteArrival(): void;
  close(): void;
}

interface Entry {
  lastArrivalMs: number;
  readonly breakOff: (why: ApiUnreachable) => void;
}

/**
 * The watches under way, and whether their connections still live.
 *
 * A dead connection says nothing, as a quiet one does. So a watch ends after a silence; and once a request found the server unreachable
 * and a later one got through, every watch that heard nothing in between is broken off, since its connection may have died with the first.
 */
export class OpenWatches {
  readonly #clock: Clock;
  readonly #open = new Set<Entry>();
  #unreachableSinceMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(silenceMs: number, callerSignal: AbortSignal): OpenWatch {
    const controller = new AbortController();
    const entry: Entry = { lastArrivalMs: this.#clock.monotonicMs(), breakOff: (why) => controller.abort(why) };
    let cancel = (): void => {};
    const look = (leftMs: number): void => {
      cancel = this.#clock.after(leftMs, () => {
        const left = entry.lastArrivalMs + silenceMs - this.#clock.monotonicMs();
        if (left <= 0) entry.breakOff(new ApiUnreachable(`nothing came for ${silenceMs} ms`));
        else look(left);
      });
    };
    look(silenceMs);
    this.#open.add(entry);
    return {
      signal: AbortSignal.any([controller.signal, callerSignal]),
      noteArrival: () => {
        entry.lastArrivalMs = this.#clock.monotonicMs();
      },
      close: () => {
        cancel();
        this.#open.delete(entry);
      },
    };
  }

  /** A request got no answer. */
  noteUnreachable(): void {
    this.#unreachableSinceMs ??= this.#clock.monotonicMs();
  }

  /** A request got an answer, whatever it was. */
  noteAnswer(): void {
    const sinceMs = this.#unreachableSinceMs;
    if (sinceMs === null) return;
    this.#unreachableSinceMs = null;
    for (const entry of [...this.#open]) {
      if (entry.lastArrivalMs < sinceMs) entry.breakOff(new ConnectionDistrusted());
    }
  }
}

import { ProxyFleet } from "./proxy-fleet.ts";

/** The fleets of all classes, and which keys wait for the proxies of each. */
export class ClassFleets {
  readonly #fleets = new Map<string, ProxyFleet>();
  /** Keys that wait, by class, each with its run; roughly in the order of runs. */
  readonly #waiting = new Map<string, Map<string, number>>();

  /** The fleet of a class, made where there is none. */
  of(className: string): ProxyFleet {
    let fleet = this.#fleets.get(className);
    if (fleet === undefined) {
      fleet = new ProxyFleet();
      this.#fleets.set(className, fleet);
    }
    return fleet;
  }

  all(): Iterable<ProxyFleet> {
    return this.#fleets.values();
  }

  /** Has a key wait until the serving proxies of a class cover a run. */
  wait(className: string, key: string, sequence: number): void {
    let keys = this.#waiting.get(className);
    if (keys === undefined) {
      keys = new Map();
      this.#waiting.set(className, keys);
    }
    keys.delete(key);
    keys.set(key, sequence);
  }

  /** Keys whose wait for a class is over, each once: work is proportional to their number. */
  *takeCovered(className: string): Generator<string> {
    const keys = this.#waiting.get(className);
    if (keys === undefined || keys.size === 0) return;
    const covered = this.of(className).coveredByAll();
    for (const [key, sequence] of keys) {
      if (sequence > covered) break;
      keys.delete(key);
      yield key;
    }
  }

  /** Nobody waits any more. What is known of proxies stays. */
  clearWaiting(): void {
    this.#waiting.clear();
  }

  /** Forgets classes that are no more and have no proxies. */
  keep(classNames: ReadonlySet<string>): void {
    for (const [name, fleet] of this.#fleets) {
      if (classNames.has(name) || fleet.connected > 0) continue;
      this.#fleets.delete(name);
      this.#waiting.delete(name);
    }
  }
}

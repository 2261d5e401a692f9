import type { EntryPoint } from "../../model/entry-point.ts";
import { type ListenContext, Listener } from "./listener.ts";

/** The entry points one worker listens on, generation after generation. An entry point whose address stays keeps its listener. */
export class EntryPoints {
  readonly #context: ListenContext;
  #live = new Map<string, Listener>();
  /** Opened for the generation that is prepared, or taken back from those that leave. */
  #opened = new Map<string, Listener>();
  #prepared: readonly EntryPoint[] = [];
  /** Left the configuration, and still have connections. */
  readonly #leaving = new Set<Listener>();

  constructor(context: ListenContext) {
    this.#context = context;
  }

  /** Binds what the generation adds. Resolves with null, or with what could not be opened: the rest goes on. */
  async prepare(entryPoints: readonly EntryPoint[]): Promise<string | null> {
    this.forget();
    this.#prepared = entryPoints;
    const problems: string[] = [];
    const opening = entryPoints.map(async (entryPoint) => {
      const key = addressKey(entryPoint);
      if (this.#live.has(key)) return;
      const returning = this.#leavingFrom(key);
      if (returning !== undefined) {
        returning.stay();
        this.#opened.set(key, returning);
        return;
      }
      const listener = new Listener(entryPoint, this.#context);
      this.#opened.set(key, listener);
      const problem = await listener.open();
      if (problem === null) return;
      this.#opened.delete(key);
      problems.push(`entry point "${entryPoint.name}": ${problem}`);
    });
    await Promise.all(opening);
    return problems.length === 0 ? null : problems.join("; ");
  }

  /** The prepared generation is live. */
  switch(): void {
    const before = this.#live;
    this.#live = new Map();
    for (const entryPoint of this.#prepared) {
      const key = addressKey(entryPoint);
      const listener = before.get(key) ?? this.#opened.get(key);
      if (listener === undefined) continue;
      listener.goLive(entryPoint);
      this.#leaving.delete(listener);
      this.#live.set(key, listener);
    }
    this.#opened.clear();
    for (const [key, listener] of before) {
      if (this.#live.has(key)) continue;
      listener.leave();
      this.#leaving.add(listener);
    }
    this.#prune();
  }

  /** The prepared generation will not come. */
  forget(): void {
    for (const listener of this.#opened.values()) {
      if (this.#leaving.has(listener)) listener.leaveAfterAll();
      else listener.close();
    }
    this.#opened.clear();
  }

  /** The listener of an entry point that is live. */
  listener(name: string): Listener | undefined {
    for (const listener of this.#live.values()) if (listener.entryPoint.name === name) return listener;
    return undefined;
  }

  get connectionCount(): number {
    let count = 0;
    for (const listener of this.#all()) count += listener.connectionCount;
    return count;
  }

  get busyCount(): number {
    let count = 0;
    for (const listener of this.#all()) count += listener.busyCount;
    return count;
  }

  get lastAcceptMs(): number {
    let last = 0;
    for (const listener of this.#all()) last = Math.max(last, listener.lastAcceptMs);
    return last;
  }

  /** Accepts nothing more. */
  close(): void {
    this.forget();
    for (const listener of this.#all()) listener.close();
  }

  destroyConnections(): void {
    for (const listener of this.#all()) listener.destroyConnections();
  }

  /** One that leaves this address and has not closed it yet: it stays, since a second one beside it would get but part of the clients. */
  #leavingFrom(key: string): Listener | undefined {
    for (const listener of this.#leaving) if (addressKey(listener.entryPoint) === key && !listener.isClosed) return listener;
    return undefined;
  }

  *#all(): Iterable<Listener> {
    yield* this.#live.values();
    yield* this.#leaving;
  }

  #prune(): void {
    for (const listener of this.#leaving) {
      if (listener.isClosed && listener.connectionCount === 0) this.#leaving.delete(listener);
    }
  }
}

/** What a listener is bound to: while this stays, so does the listener, whatever the entry point is called, and speaks from now on. */
function addressKey({ host, port }: EntryPoint): string {
  return `${host} ${port}`;
}

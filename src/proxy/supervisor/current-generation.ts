import type { ProxySettings } from "../../model/proxy-settings.ts";
import type { GenerationUpdate, ShardUpdate } from "../messages.ts";

/** The generation that is live, as one update that starts from nothing: what a new worker is given. */
export class CurrentGeneration {
  readonly #index = new Map<number, SharedArrayBuffer>();
  readonly #resources = new Map<number, SharedArrayBuffer>();
  #last: GenerationUpdate | null = null;
  #isIsolated = false;

  /** Takes over an update that is live now. */
  take(update: GenerationUpdate): void {
    for (const { shard, bytes } of update.index) this.#index.set(shard, bytes);
    for (const { shard, bytes } of update.resources) this.#resources.set(shard, bytes);
    this.#last = update;
  }

  /** Whether workers are told, from the next update that is asked for here, that they are isolated. */
  get isIsolated(): boolean {
    return this.#isIsolated;
  }

  set isIsolated(isIsolated: boolean) {
    this.#isIsolated = isIsolated;
  }

  /** Null before the first. */
  whole(): GenerationUpdate | null {
    return this.#last && this.#told({ ...this.#last, index: shards(this.#index), resources: shards(this.#resources) });
  }

  /** The current generation, for a worker that holds generation `sequence`: nothing but the step when it holds all of it. */
  for(sequence: number): GenerationUpdate | null {
    const last = this.#last;
    return last !== null && sequence === last.sequence ? this.#told({ ...last, index: [], resources: [] }) : this.whole();
  }

  /**
   * `next` for a worker that holds generation `sequence`. An update leads on from the current generation alone: who holds another one
   * (a worker that has just started) gets everything, or shards that changed in between would be missing.
   */
  next(next: GenerationUpdate, sequence: number): GenerationUpdate {
    if (sequence === this.sequence) return this.#told(next);
    return this.#told({
      ...next,
      index: overlaid(this.#index, next.index),
      resources: overlaid(this.#resources, next.resources),
    });
  }

  #told(update: GenerationUpdate): GenerationUpdate {
    return this.#isIsolated ? { ...update, isIsolated: true } : update;
  }

  /** What proxies of the class are told beside; null: nothing. */
  get settings(): ProxySettings | null {
    return this.#last?.settings ?? null;
  }

  /** 0 before the first. */
  get sequence(): number {
    return this.#last?.sequence ?? 0;
  }

  /** "" before the first. */
  get version(): string {
    return this.#last?.version ?? "";
  }
}

function overlaid(base: ReadonlyMap<number, SharedArrayBuffer>, over: readonly ShardUpdate[]): ShardUpdate[] {
  return shards(new Map([...base, ...over.map(({ shard, bytes }) => [shard, bytes] as const)]));
}

function shards(map: ReadonlyMap<number, SharedArrayBuffer>): ShardUpdate[] {
  return [...map].map(([shard, bytes]) => ({ shard, bytes }));
}

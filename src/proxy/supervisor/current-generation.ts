import type { GenerationUpdate, ShardUpdate } from "../messages.ts";

/** The generation that is live, as one update that starts from nothing: what a new worker is given. */
export class CurrentGeneration {
  readonly #index = new Map<number, SharedArrayBuffer>();
  readonly #resources = new Map<number, SharedArrayBuffer>();
  #last: GenerationUpdate | null = null;

  /** Takes over an update that is live now. */
  take(update: GenerationUpdate): void {
    for (const { shard, bytes } of update.index) this.#index.set(shard, bytes);
    for (const { shard, bytes } of update.resources) this.#resources.set(shard, bytes);
    this.#last = update;
  }

  /** Null before the first. */
  whole(): GenerationUpdate | null {
    return this.#last && { ...this.#last, index: shards(this.#index), resources: shards(this.#resources) };
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

function shards(map: ReadonlyMap<number, SharedArrayBuffer>): ShardUpdate[] {
  return [...map].map(([shard, bytes]) => ({ shard, bytes }));
}

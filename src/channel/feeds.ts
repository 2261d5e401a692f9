import type { ProxyStream } from "./proxy-stream.ts";
import type { SnapshotSource } from "./snapshot-source.ts";

/** All streams of one class, fed by one subscription. */
interface Feed {
  readonly streams: Map<string, ProxyStream>;
  readonly unsubscribe: () => void;
}

/** Which stream is whose, and the subscriptions that feed them: one for each class that anybody asks for. */
export class Feeds {
  readonly #source: SnapshotSource;
  readonly #onDelta: () => void;
  readonly #feeds = new Map<string, Feed>();

  /** `onDelta` is called once for each delta of a class, before its streams hear of it. */
  constructor(source: SnapshotSource, onDelta: () => void) {
    this.#source = source;
    this.#onDelta = onDelta;
  }

  /** Number of streams. */
  get streams(): number {
    return [...this.#feeds.values()].reduce((sum, feed) => sum + feed.streams.size, 0);
  }

  /** Puts in a stream that has subscribed; answers the one whose place it takes. */
  join(stream: ProxyStream): ProxyStream | null {
    const feed = this.#feeds.get(stream.className) ?? this.#open(stream.className);
    const former = feed.streams.get(stream.proxyId) ?? null;
    feed.streams.set(stream.proxyId, stream);
    return former;
  }

  /** Takes a stream out; false when it was not in, or another has taken its place. */
  leave(stream: ProxyStream): boolean {
    const feed = this.#feeds.get(stream.className);
    if (feed?.streams.get(stream.proxyId) !== stream) return false;
    feed.streams.delete(stream.proxyId);
    if (feed.streams.size === 0) {
      feed.unsubscribe();
      this.#feeds.delete(stream.className);
    }
    return true;
  }

  /** Ends every subscription. */
  close(): void {
    for (const feed of this.#feeds.values()) feed.unsubscribe();
  }

  #open(className: string): Feed {
    const streams = new Map<string, ProxyStream>();
    const unsubscribe = this.#source.subscribe(className, (delta) => {
      this.#onDelta();
      for (const stream of streams.values()) stream.onDelta(delta);
    });
    const feed = { streams, unsubscribe };
    this.#feeds.set(className, feed);
    return feed;
  }
}

import { assert } from "../../kernel/assert.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import type { KubernetesApi } from "../api/api.ts";
import { type HeldTerm, OwnTerm } from "./held-term.ts";
import { type LeaseWish, microTime } from "./lease-record.ts";
import { LeaseStore, type SeenLease } from "./lease-store.ts";
import { LEASE_TIMING, type LeaseTiming } from "./lease-timing.ts";
import { type Holder, ObservedLease } from "./observed-lease.ts";
import { Pause } from "./pause.ts";

/** Pauses are longer or shorter by up to this share. */
const JITTER = 0.2;

/** A watch that the server has ended is opened again after this share of the usual pause. */
const WATCH_AGAIN_SHARE = 0.1;

export interface LeaderElectionOptions {
  readonly api: KubernetesApi;
  /** The Lease. */
  readonly namespace: string;
  readonly name: string;
  /** Name of this process, that no other process ever has: what its predecessor in the same Pod was allowed counts for nothing. */
  readonly identity: string;
  /** Where proxies reach this replica. */
  readonly url: string;
  /**
   * This replica has the right. It first has to see the world as it is (list every kind by quorum read); it goes on renewing meanwhile.
   * When this rejects the Lease is given back, and tried for again.
   */
  readonly onAcquired: (term: HeldTerm) => Promise<void>;
  /** The right has ended, unasked; from the moment of this call nothing may be written or published. Not called by `stop`. */
  readonly onLost: (reason: string) => void;
  /** Another replica holds the Lease, as far as is known (null: nobody). Called when that changes. */
  readonly onHolder: (holder: Holder | null) => void;
  /** The API server did not answer as it should; told at each try, which go on. */
  readonly onProblem?: (error: unknown) => void;
  readonly timing?: LeaseTiming;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/**
 * Elects one of several replicas by a Lease. What holds whatever clocks, threads and networks do, as long as clocks run alike to a
 * third of the Lease's duration: a term is current only until `fenceMs` after the last renewal was sent, and nobody else takes the
 * Lease before `durationMs` after it was seen. So no two terms are ever current at the same time, and their numbers go up. A Lease that
 * someone deletes is given time, too, by those who have seen it held; only a replica that starts just then cannot know.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #clock: Clock;
  readonly #timing: LeaseTiming;
  readonly #store: LeaseStore;
  readonly #observed: ObservedLease;
  readonly #pause: Pause;
  readonly #stopWatching = new AbortController();
  #term: OwnTerm | null = null;
  /** Whether the watch has seen the Lease given back, and nobody has tried for it since. */
  #isOffered = false;
  #lastHolder: Holder | null = null;
  #stopping = false;
  #takesPart = false;
  #running: Promise<void> = Promise.resolve();
  /** After a take-over that came to nothing, others go first. */
  #restUntilMs = 0;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#timing = options.timing ?? LEASE_TIMING;
    assert(this.#timing.fenceMs < this.#timing.durationMs, "a holder stops before others may begin");
    this.#store = new LeaseStore(options.api, options.namespace, options.name);
    this.#observed = new ObservedLease(this.#clock, this.#timing.durationMs);
    this.#pause = new Pause(this.#clock);
  }

  /** The term of this replica while it is current, else null. */
  get term(): HeldTerm | null {
    return this.#term?.isCurrent() ? this.#term : null;
  }

  /**
   * Takes the Lease if nobody has it, and takes part then; else it is as if nothing had been asked. A replica that has yet to see the
   * world does so: what it lists afterwards need not be listed once more. Resolves when that is clear.
   */
  async startIfFree(): Promise<void> {
    this.#running = this.#tryToAcquire().catch((error: unknown) => this.#options.onProblem?.(error));
    await this.#running;
    if (this.#term !== null) this.start();
  }

  /** Takes part from now on. */
  start(): void {
    if (this.#takesPart || this.#stopping) return;
    this.#takesPart = true;
    this.#running = this.#run();
    void this.#watch();
  }

  /**
   * Leaves: ends the term, gives the Lease back, and waits a moment for a successor, which is answered (null: nobody came). Whoever
   * writes under the term has to have stopped before; what is published ends with it.
   */
  async stop(): Promise<Holder | null> {
    const wasHolder = this.#term !== null;
    this.#stopping = true;
    this.#endTerm();
    this.#pause.end();
    await this.#running;
    await this.#giveBack();
    const successor = wasHolder ? await this.#awaitSuccessor() : this.#successor();
    this.#stopWatching.abort();
    return successor;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await (this.#term === null ? this.#tryToAcquire() : this.#renew(this.#term));
      } catch (error) {
        this.#options.onProblem?.(error);
      }
      this.#tellHolder();
      if (!this.#stopping) await this.#pause.for(this.#pauseMs());
    }
  }

  // --- as one who waits ---

  async #tryToAcquire(): Promise<void> {
    if (this.#clock.monotonicMs() < this.#restUntilMs) return;
    // A Lease that was seen given back need not be read once more: if it is no longer so, writing will fail.
    if (!this.#isOffered) this.#observed.note(await this.#store.read(this.#timing.attemptMs));
    this.#isOffered = false;
    // One that we hold without knowing is the fruit of a try whose answer got lost.
    if ((this.#observed.untilFreeMs() > 0 && !this.#isOurs()) || this.#stopping) return;
    const former = this.#observed.seen;
    const sentMs = this.#clock.monotonicMs();
    const wish = this.#wish((former?.record.transitions ?? 0) + 1, microTime(this.#clock.now()));
    const written = await this.#store.write(wish, former, this.#timing.attemptMs);
    if (written === null) return;
    this.#observed.note(written);
    if (!this.#stopping) this.#beginTerm(written, sentMs + this.#timing.fenceMs);
  }

  #beginTerm({ record }: SeenLease, fenceMs: number): void {
    if (this.#clock.monotonicMs() >= fenceMs) return;
    const term = new OwnTerm(record, this.#clock, () => {
      if (this.#term === term) this.#lose(`the Lease could not be renewed for ${this.#timing.fenceMs} ms`);
    });
    term.extend(fenceMs);
    this.#term = term;
    this.#tellHolder();
    void this.#takeOver(term);
  }

  async #takeOver(term: OwnTerm): Promise<void> {
    try {
      await this.#options.onAcquired(term);
    } catch (error) {
      if (this.#term !== term) return;
      // Others may be luckier.
      this.#restUntilMs = this.#clock.monotonicMs() + 2 * this.#timing.retryMs;
      this.#lose(`taking over failed: ${error instanceof Error ? error.message : String(error)}`);
      await this.#giveBack();
    }
  }

  // --- as the holder ---

  async #renew(term: OwnTerm): Promise<void> {
    if (await this.#extend(term)) return;
    const found = await this.#store.read(this.#attemptMs(term));
    this.#observed.note(found);
    if (this.#term !== term) return;
    // Written to without being taken (an annotation, or a renewal whose answer got lost): once more, on top of that.
    if (found?.record.uid === term.lease && this.#isOurs()) await this.#extend(term);
    else this.#lose(found === null ? "the Lease was deleted" : `the Lease is held by "${found.record.holder}"`);
  }

  /** Renews; false when someone has written to the Lease. */
  async #extend(term: OwnTerm): Promise<boolean> {
    const sentMs = this.#clock.monotonicMs();
    const wish = this.#wish(Number(term.number), this.#observed.seen?.record.acquireTime ?? "");
    const written = await this.#store.write(wish, this.#observed.seen, this.#attemptMs(term));
    if (written === null) return false;
    this.#observed.note(written);
    // Others have seen it later than it was sent, if at all. A term that has ended meanwhile stays ended.
    term.extend(sentMs + this.#timing.fenceMs);
    return true;
  }

  #attemptMs(term: OwnTerm): number {
    return Math.max(1, Math.min(this.#timing.attemptMs, term.leftMs));
  }

  #lose(reason: string): void {
    this.#endTerm();
    this.#options.onLost(reason);
    this.#tellHolder();
  }

  #endTerm(): void {
    const term = this.#term;
    this.#term = null;
    term?.end();
  }

  /** Lets go of a Lease that is written as ours. */
  async #giveBack(): Promise<void> {
    const { seen } = this.#observed;
    if (seen === null || !this.#isOurs()) return;
    const { transitions, acquireTime } = seen.record;
    const wish = { ...this.#wish(transitions, acquireTime), holder: "", url: "" };
    try {
      const written = await this.#store.write(wish, seen, this.#timing.attemptMs);
      if (written !== null) this.#observed.note(written);
    } catch (error) {
      this.#options.onProblem?.(error);
    }
  }

  async #awaitSuccessor(): Promise<Holder | null> {
    const untilMs = this.#clock.monotonicMs() + this.#timing.successorMs;
    for (;;) {
      const successor = this.#successor();
      const leftMs = untilMs - this.#clock.monotonicMs();
      if (successor !== null || leftMs <= 0) return successor;
      await this.#pause.for(leftMs);
    }
  }

  // --- both ---

  /** Follows the Lease, so that one that is given back is taken at once. Only ever makes things quicker. */
  async #watch(): Promise<void> {
    const { signal } = this.#stopWatching;
    while (!signal.aborted) {
      let share = 1;
      try {
        for await (const seen of this.#store.watch(signal)) this.#onSeen(seen);
        share = WATCH_AGAIN_SHARE;
      } catch (error) {
        if (!signal.aborted) this.#options.onProblem?.(error);
      }
      const pauseMs = this.#jittered(this.#timing.retryMs * share);
      if (!signal.aborted) await new Promise<void>((resolve) => void this.#clock.after(pauseMs, resolve));
    }
  }

  /** What a watch shows may be old: the holder relies on its own writes alone, and makes one when it sees that it should not be one. */
  #onSeen(seen: SeenLease | null): void {
    if (this.#term !== null) {
      if (seen?.record.holder !== this.#options.identity) this.#pause.end();
      return;
    }
    this.#observed.note(seen);
    this.#tellHolder();
    this.#isOffered = seen?.record.holder === "";
    if (this.#stopping || this.#observed.untilFreeMs() === 0) this.#pause.end();
  }

  #wish(transitions: number, acquireTime: string): LeaseWish {
    const { identity, url } = this.#options;
    const renewTime = microTime(this.#clock.now());
    return { holder: identity, url, durationMs: this.#timing.durationMs, transitions, acquireTime, renewTime };
  }

  #isOurs(): boolean {
    return this.#observed.isHeldBy(this.#options.identity);
  }

  /** Another replica that holds the Lease now. */
  #successor(): Holder | null {
    return this.#isOurs() ? null : this.#observed.holder();
  }

  #tellHolder(): void {
    if (this.#term !== null || this.#stopping) {
      this.#lastHolder = null;
      return;
    }
    const holder = this.#successor();
    if (holder?.identity === this.#lastHolder?.identity && holder?.url === this.#lastHolder?.url) return;
    this.#lastHolder = holder;
    this.#options.onHolder(holder);
  }

  /** A Lease that nobody renews is looked at when it becomes free. */
  #pauseMs(): number {
    const pauseMs = this.#jittered(this.#timing.retryMs);
    const untilFreeMs = this.#term === null ? this.#observed.untilFreeMs() : 0;
    return untilFreeMs > 0 ? Math.min(pauseMs, untilFreeMs) : pauseMs;
  }

  #jittered(ms: number): number {
    return ms * (1 - JITTER + 2 * JITTER * (this.#options.random ?? Math.random)());
  }
}

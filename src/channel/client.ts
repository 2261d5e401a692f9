import { Backoff } from "../kernel/backoff.ts";
import { type Clock, systemClock } from "../kernel/clock.ts";
import { type CheckedDelta, Holding, type InitialHolding, type Outcome } from "./holding.ts";
import { isLoopback } from "./loopback.ts";
import { OperatorStream, type StreamEnd } from "./operator-stream.ts";
import { CHANNEL_TIMING, type ChannelTiming } from "./timing.ts";

export interface ChannelClientOptions {
  /** Where the operator listens, as in `http://127.0.0.1:9090`. Plaintext only on loopback. */
  readonly url: string;
  readonly className: string;
  readonly proxyId: string;
  readonly held: InitialHolding;
  /** Makes a delta live. Called for one delta at a time; must answer within a bounded time and not reject. */
  readonly apply: (delta: CheckedDelta) => Promise<Outcome>;
  /** Told when the operator is reached, and when it is lost and why. */
  readonly onConnected?: () => void;
  readonly onLost?: (reason: string) => void;
  readonly clock?: Clock;
  readonly timing?: ChannelTiming;
}

/** The proxy's side of the channel: stays subscribed for as long as the process lives, and loses nothing it holds when it is not. */
export class ChannelClient {
  readonly #options: ChannelClientOptions;
  readonly #clock: Clock;
  readonly #timing: ChannelTiming;
  readonly #backoff: Backoff;
  readonly #holding: Holding;
  #stream: OperatorStream | null = null;
  #stopped = false;
  #cancelPause: () => void = () => {};
  #rejections = 0;
  /** Settles when no delta is being applied. */
  #applied: Promise<unknown> = Promise.resolve();

  constructor(options: ChannelClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#timing = options.timing ?? CHANNEL_TIMING;
    this.#backoff = new Backoff(this.#timing.backoffFirstMs, this.#timing.backoffMostMs);
    this.#holding = new Holding(options.held);
  }

  /** Whether the operator has been heard on the current stream. */
  get isConnected(): boolean {
    return this.#stream?.isHeard ?? false;
  }

  /** Version of what is held. */
  get version(): string {
    return this.#holding.version;
  }

  /** Connects, and again whenever the stream ends, until `stop`. */
  start(): void {
    void this.#run();
  }

  /** Ends the stream for good. A delta being applied is finished, but no longer answered. */
  stop(): void {
    this.#stopped = true;
    this.#stream?.end({ reason: "stopped", comeBack: "never" });
    this.#cancelPause();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const end = await this.#once();
      if (this.#stopped) return;
      this.#options.onLost?.(end.reason);
      await this.#pause();
      // What the next stream says is held must be true, and stay so until its first delta.
      await this.#applied;
    }
  }

  /** One stream from subscribe to end. */
  async #once(): Promise<StreamEnd> {
    const stream = new OperatorStream({
      url: this.#options.url,
      className: this.#options.className,
      proxyId: this.#options.proxyId,
      holding: this.#holding,
      clock: this.#clock,
      timing: this.#timing,
      apply: (delta) => {
        const outcome = this.#apply(delta);
        this.#applied = outcome;
        return outcome;
      },
      onHeard: () => this.#options.onConnected?.(),
    });
    this.#stream = stream;
    const end = await stream.run();
    // Only a stream that went well shortens the next pause: one that is refused each time must not come back at full speed.
    if (stream.isHeard && end.comeBack !== "later") this.#backoff.reset();
    this.#stream = null;
    return end;
  }

  async #apply(delta: CheckedDelta): Promise<Outcome> {
    const outcome = await this.#options.apply(delta);
    this.#rejections = outcome.applied ? 0 : this.#rejections + 1;
    // Twice in a row means that what is held here is not what the operator thinks: begin from nothing.
    if (this.#rejections > 1) this.#holding.forget();
    return outcome;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(this.#backoff.next(), resolve);
      this.#cancelPause = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** Why a URL can't be an operator's, or null when it can. */
export function operatorUrlProblem(url: string): string | null {
  if (!URL.canParse(url)) return `"${url}" is not a URL; write it as in http://127.0.0.1:9090`;
  const { protocol, hostname, pathname, search } = new URL(url);
  if (protocol !== "http:") return `"${url}" must begin with http://`;
  if (pathname !== "/" || search !== "") return `"${url}" must not have a path`;
  if (!isLoopback(hostname)) {
    return `the channel is plaintext and carries private keys, so the operator must be on a loopback address, not on ${hostname}`;
  }
  return null;
}

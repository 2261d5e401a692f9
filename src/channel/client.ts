import { Backoff } from "../kernel/backoff.ts";
import { type Clock, systemClock } from "../kernel/clock.ts";
import type { Refusal } from "../model/snapshot.ts";
import { accessTo, type CredentialFiles, isSecure, operatorUrlProblem } from "./access.ts";
import { type CheckedDelta, Holding, type InitialHolding, type Outcome } from "./holding.ts";
import { OperatorStream, type StreamEnd } from "./operator-stream.ts";
import { CHANNEL_TIMING, type ChannelTiming } from "./timing.ts";

/** Times in a row that the proxy goes where an operator sends it; one that holds the right to publish is found in one or two. */
const REDIRECTS_MAX = 3;

export interface ChannelClientOptions {
  /** Where the operator listens: its Service, or plaintext on loopback. See `operatorUrlProblem`. */
  readonly url: string;
  /** What is needed for an https URL; null without. */
  readonly credentials?: CredentialFiles | null;
  /** Ingress class to ask for; "" for the one that the proxy's account has. */
  readonly className: string;
  readonly proxyId: string;
  readonly held: InitialHolding;
  /** Makes a delta live. Called for one delta at a time; must answer within a bounded time and not reject. */
  readonly apply: (delta: CheckedDelta) => Promise<Outcome>;
  /** Told when the operator is reached, and when it is lost and why. */
  readonly onConnected?: () => void;
  readonly onLost?: (reason: string) => void;
  /** Told now and then as long as what is held is what an operator publishes. */
  readonly onConfirmed?: () => void;
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
  #redirects = 0;
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

  /** What of the version that is held is refused is different now: the operator is told at once, or when it is there. */
  changeRefusals(refused: readonly Refusal[]): void {
    this.#holding.refuse(refused);
    this.#stream?.sayRefusals();
  }

  /** Ends the stream for good. A delta being applied is finished, but no longer answered. */
  stop(): void {
    this.#stopped = true;
    this.#stream?.end({ reason: "stopped", comeBack: "never" });
    this.#cancelPause();
  }

  async #run(): Promise<void> {
    let url = this.#options.url;
    while (!this.#stopped) {
      const end = await this.#once(url);
      if (this.#stopped) return;
      const next = this.#redirection(end, url);
      // Being sent on is no loss: nothing has been missed yet.
      if (next === null) {
        this.#options.onLost?.(end.reason);
        await this.#pause(end);
      }
      url = next ?? this.#options.url;
      // What the next stream says is held must be true, and stay so until its first delta.
      await this.#applied;
    }
  }

  /** One stream from subscribe to end. */
  async #once(url: string): Promise<StreamEnd> {
    const access = await accessTo(url, this.#options.url, this.#options.credentials ?? null);
    if (!access.ok) return { reason: access.error, comeBack: "later" };
    if (this.#stopped) return { reason: "stopped", comeBack: "never" };
    const stream = new OperatorStream({
      access: access.value,
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
      onHeard: () => {
        this.#redirects = 0;
        this.#options.onConnected?.();
      },
      onConfirmed: () => this.#options.onConfirmed?.(),
    });
    this.#stream = stream;
    const end = await stream.run();
    // Only a stream that went well shortens the next pause: one that is refused each time must not come back at full speed.
    if (stream.isHeard && end.comeBack !== "later") this.#backoff.reset();
    this.#stream = null;
    return end;
  }

  /** Where an operator sends the proxy, if it is to go there at once; null to come back to the Service after a pause. */
  #redirection({ holder = "" }: StreamEnd, from: string): string | null {
    const { url } = this.#options;
    const isPossible =
      holder !== "" && holder !== from && operatorUrlProblem(holder) === null && isSecure(holder) === isSecure(url);
    if (isPossible && this.#redirects < REDIRECTS_MAX) {
      this.#redirects++;
      return holder;
    }
    this.#redirects = 0;
    return null;
  }

  async #apply(delta: CheckedDelta): Promise<Outcome> {
    const outcome = await this.#options.apply(delta);
    this.#rejections = outcome.applied ? 0 : this.#rejections + 1;
    // Twice in a row means that what is held here is not what the operator thinks: begin from nothing.
    if (this.#rejections > 1) this.#holding.forget();
    return outcome;
  }

  #pause({ comeBack }: StreamEnd): Promise<void> {
    const grownMs = this.#backoff.next();
    const pauseMs = comeBack === "soon" ? Math.min(grownMs, this.#timing.backoffSoonMs * (0.5 + Math.random() / 2)) : grownMs;
    return new Promise((resolve) => {
      const cancel = this.#clock.after(pauseMs, resolve);
      this.#cancelPause = () => {
        cancel();
        resolve();
      };
    });
  }
}

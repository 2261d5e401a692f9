import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Clock } from "../kernel/clock.ts";
import type { ResourceId } from "../model/ids.ts";
import { RESOURCE_FORMAT } from "../model/resource.ts";
import type { Delta, Refusal, Snapshot } from "../model/snapshot.ts";
import { type Position, toChunks } from "./chunks.ts";
import { diff, diffOf } from "./diff.ts";
import {
  GoAway_Reason,
  type OperatorMessage,
  OperatorMessageSchema,
  type ProxyMessage,
  type Subscribe,
} from "./gen/snapshot_pb.ts";
import type { ChannelTiming } from "./timing.ts";

/** Most resources a proxy may say it holds. */
export const HELD_MAX = 2_000_000;

/** Most refusals taken from one answer; a proxy that refuses more has one cause, not many. */
const REFUSALS_MAX = 10_000;

/** What a proxy answered to a commit, or holds already when it subscribes (`resumed`). */
export interface ProxyAnswer {
  readonly proxyId: string;
  readonly class: string;
  /** The version it now runs; with `whole`, the one it could not apply. */
  readonly version: string;
  readonly refused: readonly Refusal[];
  /** Why nothing of the delta was applied; null when it was. */
  readonly whole: string | null;
  /** Whether it held this version before anything was sent. */
  readonly resumed: boolean;
}

/** What a stream asks of the server it belongs to. */
export interface StreamHost {
  readonly clock: Clock;
  readonly timing: ChannelTiming;
  current(className: string): Snapshot | null;
  position(): Position;
  /** Called once, when the proxy has said who it is. */
  onSubscribed(stream: ProxyStream): void;
  onAnswer(answer: ProxyAnswer): void;
}

/**
 * The operator's end of one proxy's stream. It remembers which resources may differ from what the proxy holds, sends one delta at
 * a time and waits for the answer: a slow proxy gets the newest state next, never a queue of old ones.
 */
export class ProxyStream {
  readonly #host: StreamHost;
  /** Set once subscribed. */
  #subscribe: Subscribe | null = null;
  readonly #held = new Map<ResourceId, Uint8Array>();
  /** Version the proxy holds or has been sent; null until the first comparison. */
  #version: string | null = null;
  readonly #changed = new Set<ResourceId>();
  /** Set while an answer is awaited. */
  #awaited: { readonly version: string; readonly sinceMs: number } | null = null;
  #goAway: OperatorMessage | null = null;
  #goAwaySinceMs = 0;
  #heartbeatDue = false;
  #ended = false;
  #heardMs: number;
  readonly #bornMs: number;
  #wake: () => void = () => {};

  constructor(host: StreamHost) {
    this.#host = host;
    this.#bornMs = host.clock.monotonicMs();
    this.#heardMs = this.#bornMs;
  }

  /** Name of the proxy; "" before it subscribed. */
  get proxyId(): string {
    return this.#subscribe?.proxyId ?? "";
  }

  /** Class it asked for; "" before it subscribed. */
  get className(): string {
    return this.#subscribe?.class ?? "";
  }

  /** What the proxy gets to read, until the stream ends. */
  async *outgoing(): AsyncGenerator<OperatorMessage> {
    while (!this.#ended) {
      if (this.#goAway) return yield this.#goAway;
      if (this.#heartbeatDue) {
        this.#heartbeatDue = false;
        yield message({ case: "heartbeat", value: {} });
      }
      const delta = this.#nextDelta();
      if (delta) yield* this.#send(delta);
      else if (!this.#heartbeatDue && !this.#goAway && !this.#ended) await this.#somethingToDo();
    }
  }

  /** Takes a message of the proxy. */
  receive(incoming: ProxyMessage): void {
    this.#heardMs = this.#host.clock.monotonicMs();
    const { message } = incoming;
    if (message.case === "subscribe") this.#receiveSubscribe(message.value);
    else if (message.case === "ack") this.#receiveAnswer(message.value.version, [], null);
    else if (message.case === "nack") {
      const refused = message.value.refusals.slice(0, REFUSALS_MAX).map(({ id, reason }) => ({ id: id as ResourceId, reason }));
      this.#receiveAnswer(message.value.version, refused, message.value.whole || null);
    }
    this.#wake();
  }

  /** Notes what may differ now. Costs nothing but the ids. */
  onDelta(delta: Delta): void {
    if (this.#version !== null) {
      for (const resource of delta.upserts) this.#changed.add(resource.id);
      for (const id of delta.removals) this.#changed.add(id);
    }
    this.#wake();
  }

  /** Called now and then: heartbeats, and what has lasted too long. Returns false when the proxy is to be cut off. */
  tick(): boolean {
    const { timing, clock } = this.#host;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#heardMs > timing.silenceMs) return false;
    // It talks, but does not read its goodbye.
    if (this.#goAway !== null) return nowMs - this.#goAwaySinceMs <= timing.silenceMs;
    this.#heartbeatDue = true;
    if (this.#awaited && nowMs - this.#awaited.sinceMs > timing.answerMs) {
      this.goAway(GoAway_Reason.REFUSED, `no answer to version ${this.#awaited.version}`);
    } else if (nowMs - this.#bornMs > timing.streamAgeMs) this.goAway(GoAway_Reason.AGE, "");
    this.#wake();
    return true;
  }

  /** Asks the proxy to leave, as the last thing it hears here. */
  goAway(reason: GoAway_Reason, detail: string): void {
    if (this.#goAway === null) this.#goAwaySinceMs = this.#host.clock.monotonicMs();
    this.#goAway ??= message({ case: "goAway", value: { reason, detail, holder: "" } });
    this.#wake();
  }

  /** The connection is gone, or is to go. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  #receiveSubscribe(part: Subscribe): void {
    const wrong = this.#addSubscribe(part);
    if (wrong !== null) this.goAway(GoAway_Reason.REFUSED, wrong);
    else if (!part.more) {
      this.#heartbeatDue = true;
      this.#host.onSubscribed(this);
    }
  }

  /** Takes one part of the subscription, or says what is wrong with it. */
  #addSubscribe(part: Subscribe): string | null {
    if (this.#subscribe && !this.#subscribe.more) return "subscribed twice";
    for (const { id, hash } of part.held) this.#held.set(id as ResourceId, hash);
    if (this.#held.size > HELD_MAX) return `more than ${HELD_MAX} resources held`;
    // The first part says who asks; the parts after it only say more of what is held.
    this.#subscribe = this.#subscribe ? { ...this.#subscribe, more: part.more } : part;
    return this.#subscribe.formats.includes(RESOURCE_FORMAT) ? null : `format ${RESOURCE_FORMAT} is needed`;
  }

  #receiveAnswer(version: string, refused: readonly Refusal[], whole: string | null): void {
    if (this.#awaited?.version !== version) {
      this.goAway(GoAway_Reason.REFUSED, `answer to ${version}, which was not asked`);
      return;
    }
    this.#awaited = null;
    this.#host.onAnswer({ proxyId: this.proxyId, class: this.className, version, refused, whole, resumed: false });
    // It holds what it held before, which this side no longer knows: it says so when it comes back.
    if (whole !== null) this.goAway(GoAway_Reason.AGE, "");
  }

  /** The delta to send now, if the proxy may get one. */
  #nextDelta(): Delta | null {
    if (!this.#subscribe || this.#subscribe.more || this.#awaited || this.#goAway) return null;
    const snapshot = this.#host.current(this.className);
    if (!snapshot || snapshot.version === this.#version) return null;
    if (this.#version !== null) return this.#take(diffOf(this.#changed, this.#version, snapshot));
    const { version } = this.#subscribe;
    const delta = diff(this.#held, version, snapshot);
    this.#held.clear();
    if (version === snapshot.version && delta.upserts.length === 0 && delta.removals.length === 0) {
      this.#version = version;
      this.#host.onAnswer({ proxyId: this.proxyId, class: this.className, version, refused: [], whole: null, resumed: true });
      return null;
    }
    return this.#take(delta);
  }

  #take(delta: Delta): Delta {
    this.#changed.clear();
    this.#version = delta.to;
    this.#awaited = { version: delta.to, sinceMs: this.#host.clock.monotonicMs() };
    return delta;
  }

  *#send(delta: Delta): Generator<OperatorMessage> {
    for (const chunk of toChunks(delta, this.#host.position())) {
      if (this.#ended) return;
      yield create(OperatorMessageSchema, { message: { case: "chunk", value: chunk } });
    }
  }

  #somethingToDo(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function message(content: NonNullable<MessageInitShape<typeof OperatorMessageSchema>["message"]>): OperatorMessage {
  return create(OperatorMessageSchema, { message: content });
}

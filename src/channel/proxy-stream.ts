import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Clock } from "../kernel/clock.ts";
import { HASH_BYTES } from "../model/encode.ts";
import type { ResourceId } from "../model/ids.ts";
import { RESOURCE_FORMATS } from "../model/resource.ts";
import type { Delta, Refusal, Snapshot } from "../model/snapshot.ts";
import { admittedClass, type ProxyIdentity } from "./authentication.ts";
import type { Position } from "./chunks.ts";
import type { DeltaEncoder } from "./delta-encoder.ts";
import { diff, diffOf } from "./diff.ts";
import {
  GoAway_Reason,
  OperatorMessageSchema,
  type ProxyMessage,
  type RefusalsChanged,
  type Subscribe,
} from "./gen/snapshot_pb.ts";
import { lengthPrefixed } from "./grpc/messages.ts";
import { fromRefusalMessages } from "./refusals.ts";
import type { ChannelTiming } from "./timing.ts";

/** Most resources a proxy may say it holds. */
export const HELD_MAX = 2_000_000;

/** Most that their ids take together, in characters: what a proxy says of itself must not cost the operator its memory. */
const HELD_CHARS_MAX = 256 << 20;

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
  /** The newest snapshot of a class; null when there is none, or none may be published now. */
  current(className: string): Snapshot | null;
  /** Whether anything may be published now. */
  mayPublish(): boolean;
  position(): Position;
  readonly encoder: DeltaEncoder;
  /** Called once, when the proxy has said who it is. */
  onSubscribed(stream: ProxyStream): void;
  /** Called once, when nothing more is sent to the proxy. */
  onEnded(stream: ProxyStream): void;
  onAnswer(answer: ProxyAnswer): void;
}

/** Where a stream's messages go. */
export interface Outlet {
  /** Whether a message is taken now; else `send` of the stream is to be called when it is. */
  readonly hasRoom: boolean;
  /** Takes a message with its length before it. */
  send(framed: Uint8Array): void;
  /** No more comes. */
  end(): void;
}

/**
 * The operator's end of one proxy's stream. It remembers which resources may differ from what the proxy holds, sends one delta at
 * a time and waits for the answer: a slow proxy gets the newest state next, never a queue of old ones.
 */
export class ProxyStream {
  readonly #host: StreamHost;
  readonly #outlet: Outlet;
  readonly #identity: ProxyIdentity | null;
  /** Set once subscribed. */
  #subscribe: Subscribe | null = null;
  #className = "";
  readonly #held = new Map<ResourceId, Uint8Array>();
  #heldChars = 0;
  /** Version the proxy holds or has been sent; null until the first comparison. */
  #version: string | null = null;
  readonly #changed = new Set<ResourceId>();
  /** Set while an answer is awaited. */
  #awaited: { readonly version: string; readonly sinceMs: number } | null = null;
  /** What is left to send of the delta that is awaited. */
  #rest: Iterator<Uint8Array> | null = null;
  #goAway: Uint8Array | null = null;
  #goAwaySinceMs = 0;
  #heartbeatDue = false;
  #ended = false;
  #heardMs: number;
  readonly #bornMs: number;
  /** When the token was last looked at. */
  #checkedMs: number;

  /** `identity`: who the proxy is; null where nobody checks. */
  constructor(host: StreamHost, outlet: Outlet, identity: ProxyIdentity | null = null) {
    this.#host = host;
    this.#outlet = outlet;
    this.#identity = identity;
    this.#bornMs = host.clock.monotonicMs();
    this.#heardMs = this.#bornMs;
    this.#checkedMs = this.#bornMs;
  }

  /** Name of the proxy; "" before it subscribed. */
  get proxyId(): string {
    return this.#subscribe?.proxyId ?? "";
  }

  /** Class it gets; "" before it subscribed. */
  get className(): string {
    return this.#className;
  }

  /** Sends what there is to send, as far as there is room. */
  send(): void {
    while (!this.#ended && this.#outlet.hasRoom) {
      const next = this.#next();
      if (next === null) return;
      this.#outlet.send(next);
      if (next === this.#goAway) this.end();
    }
  }

  /** Takes a message of the proxy. */
  receive(incoming: ProxyMessage): void {
    this.#heardMs = this.#host.clock.monotonicMs();
    const { message } = incoming;
    if (message.case === "subscribe") this.#receiveSubscribe(message.value);
    else if (message.case === "ack") this.#receiveAnswer(message.value.version, [], null);
    else if (message.case === "nack") {
      this.#receiveAnswer(message.value.version, fromRefusalMessages(message.value.refusals), message.value.whole || null);
    } else if (message.case === "refusalsChanged") this.#receiveRefusals(message.value);
    this.send();
  }

  /** Notes what may differ now, by ids, and sends it when it is its turn. */
  onDelta(delta: Delta): void {
    if (this.#version !== null) {
      for (const resource of delta.upserts) this.#changed.add(resource.id);
      for (const id of delta.removals) this.#changed.add(id);
    }
    this.send();
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
    else this.#checkIdentity(nowMs);
    this.send();
    return true;
  }

  /** Asks the proxy to leave, as the last thing it hears here. `holder`: URL of the replica to go to; "" when there is none to name. */
  goAway(reason: GoAway_Reason, detail: string, holder = ""): void {
    if (this.#goAway === null) this.#goAwaySinceMs = this.#host.clock.monotonicMs();
    this.#goAway ??= goAwayMessage(reason, detail, holder);
    this.send();
  }

  /** Something may be different now: it looks whether there is anything to send. */
  wake(): void {
    this.#heartbeatDue = true;
    this.send();
  }

  /** The connection is gone, or is to go. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#outlet.end();
    this.#host.onEnded(this);
  }

  /** What an account may have can change while a stream lives, and a token runs out: the proxy has a newer one then, and shows it. */
  #checkIdentity(nowMs: number): void {
    if (this.#identity === null || this.#subscribe === null) return;
    const admitted = admittedClass(this.#identity, { class: this.#className, proxyId: this.proxyId });
    if (!admitted.ok) {
      this.goAway(GoAway_Reason.REFUSED, admitted.error);
      return;
    }
    if (nowMs - this.#checkedMs < this.#host.timing.recheckMs) return;
    this.#checkedMs = nowMs;
    void this.#identity.recheck().then((standing) => {
      if (standing === "invalid") this.goAway(GoAway_Reason.AGE, "the token is no longer good");
    });
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
    for (const { id, hash } of part.held) {
      if (hash.length !== HASH_BYTES) return `the hash of ${id} has ${hash.length} bytes`;
      this.#heldChars += id.length;
      // A copy: as a view it would keep the whole message.
      this.#held.set(id as ResourceId, hash.slice());
    }
    if (this.#held.size > HELD_MAX || this.#heldChars > HELD_CHARS_MAX) return `more than ${HELD_MAX} resources held`;
    // The first part says who asks; the parts after it only say more of what is held.
    if (this.#subscribe) {
      this.#subscribe = { ...this.#subscribe, more: part.more };
      return null;
    }
    this.#subscribe = part;
    // One that reads older formats alone refuses what needs a newer one, and serves the rest.
    if (!part.formats.some((format) => RESOURCE_FORMATS.includes(format)))
      return `one of the formats ${RESOURCE_FORMATS.join(", ")} is needed`;
    const admitted = admittedClass(this.#identity, part);
    if (!admitted.ok) return admitted.error;
    this.#className = admitted.value;
    return null;
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

  /** Unasked: of a version that is no longer what it should hold, the next answer says more. */
  #receiveRefusals({ version, refusals }: RefusalsChanged): void {
    if (this.#awaited !== null || this.#version !== version) return;
    const refused = fromRefusalMessages(refusals);
    this.#host.onAnswer({ proxyId: this.proxyId, class: this.className, version, refused, whole: null, resumed: false });
  }

  /** The next message, if there is one to send. */
  #next(): Uint8Array | null {
    if (this.#goAway !== null) return this.#goAway;
    if (this.#heartbeatDue) {
      this.#heartbeatDue = false;
      return message({ case: "heartbeat", value: { version: this.#host.current(this.#className)?.version ?? "" } });
    }
    // Who may not publish for a moment goes on where it was.
    if (!this.#host.mayPublish()) return null;
    this.#rest ??= this.#nextDelta();
    const part = this.#rest?.next();
    if (part?.done === false) return part.value;
    this.#rest = null;
    return null;
  }

  /** The delta to send now, as messages, if the proxy may get one. */
  #nextDelta(): Iterator<Uint8Array> | null {
    if (!this.#subscribe || this.#subscribe.more || this.#awaited || this.#goAway) return null;
    const snapshot = this.#host.current(this.className);
    if (!snapshot || snapshot.version === this.#version) return null;
    if (this.#version !== null) return this.#take(diffOf(this.#changed, this.#version, snapshot), true);
    const { version, refusals, position } = this.#subscribe;
    const delta = diff(this.#held, version, snapshot);
    this.#held.clear();
    if (version === snapshot.version && delta.upserts.length === 0 && delta.removals.length === 0) {
      this.#version = version;
      const refused = fromRefusalMessages(refusals);
      this.#host.onAnswer({ proxyId: this.proxyId, class: this.className, version, refused, whole: null, resumed: true });
      // What it holds is right, and whose it is has changed: from now on nothing of the term before may come after it.
      return this.#host.position().term === 0n || isOfTerm(position, this.#host.position()) ? null : this.#take(delta, false);
    }
    return this.#take(delta, false);
  }

  /** `isInStep`: whether the delta begins with what this side sent. */
  #take(delta: Delta, isInStep: boolean): Iterator<Uint8Array> {
    this.#changed.clear();
    this.#version = delta.to;
    this.#awaited = { version: delta.to, sinceMs: this.#host.clock.monotonicMs() };
    const { encoder } = this.#host;
    const position = this.#host.position();
    return isInStep ? encoder.encodeShared(delta, position) : encoder.encode(delta, position);
  }
}

/** A goodbye as a stream's last message, with its length before it. */
export function goAwayMessage(reason: GoAway_Reason, detail: string, holder: string): Uint8Array {
  return message({ case: "goAway", value: { reason, detail, holder } });
}

function isOfTerm(held: Pick<Position, "term" | "lease"> | undefined, { term, lease }: Position): boolean {
  return held !== undefined && held.term === term && held.lease === lease;
}

function message(content: NonNullable<MessageInitShape<typeof OperatorMessageSchema>["message"]>): Uint8Array {
  return lengthPrefixed(toBinary(OperatorMessageSchema, create(OperatorMessageSchema, { message: content })));
}

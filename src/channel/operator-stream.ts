import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Clock } from "../kernel/clock.ts";
import { RESOURCE_FORMATS } from "../model/resource.ts";
import type { Access } from "./access.ts";
import { type AssembledDelta, CHUNK_BYTES_MAX, DeltaAssembler } from "./chunks.ts";
import {
  type DeltaChunk,
  type GoAway,
  GoAway_Reason,
  type Heartbeat,
  type OperatorMessage,
  OperatorMessageSchema,
  ProxyMessageSchema,
} from "./gen/snapshot_pb.ts";
import { ClientCall } from "./grpc/client-call.ts";
import { type CheckedDelta, changesNothing, type Holding, type Outcome } from "./holding.ts";
import { toRefusalMessages } from "./refusals.ts";
import { STREAM_PATH } from "./stream-path.ts";
import type { ChannelTiming } from "./timing.ts";

/** Held resources in one Subscribe: with ids of usual length, under 1 MiB. */
const HELD_PER_MESSAGE = 5_000;

/** Why a stream ended, and when to try again. */
export interface StreamEnd {
  readonly reason: string;
  /** `soon`: after a pause that stays short, since somebody may serve at any time. `later`: it is refused, and the pause grows long. */
  readonly comeBack: "soon" | "later" | "never";
  /** URL of the operator to go to instead; "" without one. */
  readonly holder?: string;
}

export interface OperatorStreamOptions {
  readonly access: Access;
  readonly className: string;
  readonly proxyId: string;
  readonly holding: Holding;
  readonly clock: Clock;
  readonly timing: ChannelTiming;
  readonly apply: (delta: CheckedDelta) => Promise<Outcome>;
  /** The operator serves this stream: it has said something other than goodbye. */
  readonly onHeard: () => void;
  /** What is held is what the operator publishes now. */
  readonly onConfirmed: () => void;
}

/** The proxy's end of one stream: subscribes with what is held, applies one delta after another, answers each. */
export class OperatorStream {
  readonly #options: OperatorStreamOptions;
  readonly #call: ClientCall;
  readonly #assembler = new DeltaAssembler();
  #end: StreamEnd | null = null;
  #heardMs: number;
  #isHeard = false;
  #applying = false;

  constructor(options: OperatorStreamOptions) {
    this.#options = options;
    this.#heardMs = options.clock.monotonicMs();
    this.#call = new ClientCall({
      ...options.access,
      path: STREAM_PATH,
      bytesMax: CHUNK_BYTES_MAX,
      onMessage: (message) => this.#receive(fromBinary(OperatorMessageSchema, message)),
    });
  }

  /** Whether the operator has said anything other than goodbye. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** Ends the stream; the first reason counts. */
  end(end: StreamEnd): void {
    this.#end ??= end;
    this.#call.end();
  }

  /** Says what of the version that is held is refused now. While a delta is applied its answer says so. */
  sayRefusals(): void {
    const { version, refused } = this.#options.holding;
    if (!this.#isHeard || this.#applying || version === "") return;
    this.#say({ case: "refusalsChanged", value: { version, refusals: toRefusalMessages(refused) } });
  }

  /** Runs to its end, which it never throws. */
  async run(): Promise<StreamEnd> {
    const stopTicking = this.#tick();
    const stopWaiting = this.#awaitFirstWord();
    try {
      this.#subscribe();
      await this.#call.run();
      this.#end ??= { reason: "the operator closed the stream", comeBack: "soon" };
    } catch (cause) {
      this.#end ??= { reason: cause instanceof Error ? cause.message : String(cause), comeBack: "soon" };
    } finally {
      stopTicking();
      stopWaiting();
    }
    return this.#end;
  }

  #subscribe(): void {
    const { className, proxyId, holding } = this.#options;
    const held = [...holding.hashes()].map(([id, hash]) => ({ id: id as string, hash }));
    const { version, position } = holding;
    const refusals = toRefusalMessages(holding.refused);
    const first = { class: className, proxyId, formats: [...RESOURCE_FORMATS], version, position, refusals };
    // Refusals alone may fill a message.
    const parts: (typeof held)[] = refusals.length > 0 || held.length === 0 ? [[]] : [];
    for (let start = 0; start < held.length; start += HELD_PER_MESSAGE) parts.push(held.slice(start, start + HELD_PER_MESSAGE));
    for (const [index, part] of parts.entries()) {
      const value = { held: part, more: index < parts.length - 1 };
      this.#say({ case: "subscribe", value: index === 0 ? { ...first, ...value } : value });
    }
  }

  #receive({ message }: OperatorMessage): void {
    this.#heardMs = this.#options.clock.monotonicMs();
    if (message.case === "goAway") {
      this.end(goAwayEnd(message.value));
      return;
    }
    if (!this.#isHeard) {
      this.#isHeard = true;
      this.#options.onHeard();
    }
    if (message.case === "chunk") this.#receiveChunk(message.value);
    else if (message.case === "heartbeat") this.#receiveHeartbeat(message.value);
  }

  /** An operator of the version before does not say what it publishes; that it serves the stream has to do. */
  #receiveHeartbeat({ version }: Heartbeat): void {
    const { holding, onConfirmed } = this.#options;
    if (version === undefined || (version !== "" && version === holding.version)) onConfirmed();
  }

  #receiveChunk(chunk: DeltaChunk): void {
    const assembled = this.#assembler.add(chunk);
    if (this.#applying) this.end({ reason: "the operator sent a delta before the answer to the last", comeBack: "later" });
    else if (!assembled.ok) this.end({ reason: assembled.error, comeBack: "later" });
    // Not awaited: what the operator says meanwhile shows that it lives. It sends no further delta before it has the answer.
    else if (assembled.value) void this.#applyDelta(assembled.value);
  }

  async #applyDelta(delta: AssembledDelta): Promise<void> {
    const { holding, onConfirmed } = this.#options;
    const { version } = delta;
    const checking = holding.check(delta);
    this.#applying = true;
    const outcome = checking.ok ? await this.#outcomeOf(checking.value.checked) : refusal(checking.error);
    this.#applying = false;
    if (!outcome.applied) {
      // The answer is read before the stream ends: it is not ended here, and the operator sends us away.
      this.#say({ case: "nack", value: { version, whole: outcome.reason } });
      this.#end ??= { reason: `version ${version} could not be applied: ${outcome.reason}`, comeBack: "later" };
      return;
    }
    if (checking.ok) holding.apply(checking.value.checked, checking.value.sum, delta.position, outcome.refused);
    onConfirmed();
    const refusals = toRefusalMessages(outcome.refused);
    if (refusals.length === 0) this.#say({ case: "ack", value: { version } });
    else this.#say({ case: "nack", value: { version, refusals } });
  }

  /** One that changes nothing only says whose the snapshot is. */
  async #outcomeOf(checked: CheckedDelta): Promise<Outcome> {
    const { holding, apply } = this.#options;
    return changesNothing(checked) && holding.version === checked.version
      ? { applied: true, refused: holding.refused }
      : apply(checked);
  }

  #say(content: NonNullable<MessageInitShape<typeof ProxyMessageSchema>["message"]>): void {
    const said = this.#call.send(toBinary(ProxyMessageSchema, create(ProxyMessageSchema, { message: content })));
    if (!said) this.end({ reason: "the operator does not read", comeBack: "later" });
  }

  #awaitFirstWord(): () => void {
    const { clock, timing } = this.#options;
    return clock.after(timing.connectMs, () => {
      if (!this.#isHeard) this.end({ reason: `the operator has said nothing for ${timing.connectMs} ms`, comeBack: "soon" });
    });
  }

  /** Heartbeats, and the end of a stream that fell silent. Both go on while a delta is being applied. */
  #tick(): () => void {
    const { clock, timing } = this.#options;
    let cancel: () => void = () => {};
    const next = (): void => {
      cancel = clock.after(timing.heartbeatMs, () => {
        const silentMs = clock.monotonicMs() - this.#heardMs;
        if (silentMs > timing.silenceMs) {
          this.end({ reason: "the operator fell silent", comeBack: "soon" });
          return;
        }
        if (this.#call.isFlushed) this.#say({ case: "heartbeat", value: {} });
        next();
      });
    };
    next();
    return () => cancel();
  }
}

function refusal(reason: string): Outcome {
  return { applied: false, reason };
}

function goAwayEnd({ reason, detail, holder }: GoAway): StreamEnd {
  if (reason === GoAway_Reason.AGE) return { reason: detail || "the stream reached its age", comeBack: "soon" };
  if (reason === GoAway_Reason.SHUTDOWN) return { reason: "the operator shuts down", comeBack: "soon", holder };
  if (reason === GoAway_Reason.NOT_HOLDER) return { reason: "another replica serves", comeBack: "soon", holder };
  if (reason === GoAway_Reason.UNAVAILABLE) return { reason: `the operator cannot tell: ${detail}`, comeBack: "soon" };
  return { reason: `the operator refused: ${detail}`, comeBack: "later" };
}

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import type { Clock } from "../kernel/clock.ts";
import type { ResourceId } from "../model/ids.ts";
import { RESOURCE_FORMAT } from "../model/resource.ts";
import { type AssembledDelta, CHUNK_BYTES_MAX, DeltaAssembler } from "./chunks.ts";
import {
  type DeltaChunk,
  type GoAway,
  GoAway_Reason,
  type OperatorMessage,
  type ProxyMessage,
  ProxyMessageSchema,
  SnapshotChannel,
} from "./gen/snapshot_pb.ts";
import type { CheckedDelta, Holding, Outcome } from "./holding.ts";
import { Outbox } from "./outbox.ts";
import type { ChannelTiming } from "./timing.ts";

/** Held resources in one Subscribe: with ids of usual length, under 1 MiB. */
const HELD_PER_MESSAGE = 5_000;

/** Why a stream ended, and when to try again. */
export interface StreamEnd {
  readonly reason: string;
  /** `soon`: after a pause that starts small. `later`: after one that grows. */
  readonly comeBack: "soon" | "later" | "never";
}

export interface OperatorStreamOptions {
  readonly url: string;
  readonly className: string;
  readonly proxyId: string;
  readonly holding: Holding;
  readonly clock: Clock;
  readonly timing: ChannelTiming;
  readonly apply: (delta: CheckedDelta) => Promise<Outcome>;
  readonly onHeard: () => void;
}

/** The proxy's end of one stream: subscribes with what is held, applies one delta after another, answers each. */
export class OperatorStream {
  readonly #options: OperatorStreamOptions;
  readonly #outbox = new Outbox<ProxyMessage>();
  readonly #assembler = new DeltaAssembler();
  readonly #abort = new AbortController();
  #end: StreamEnd | null = null;
  #heardMs: number;
  #isHeard = false;
  #applying = false;

  constructor(options: OperatorStreamOptions) {
    this.#options = options;
    this.#heardMs = options.clock.monotonicMs();
  }

  /** Whether the operator has said anything yet. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** Ends the stream; the first reason counts. */
  end(end: StreamEnd): void {
    this.#end ??= end;
    this.#outbox.close();
    this.#abort.abort();
  }

  /** Runs to its end, which it never throws. */
  async run(): Promise<StreamEnd> {
    const session = new Http2SessionManager(this.#options.url);
    const transport = createGrpcTransport({
      baseUrl: this.#options.url,
      sessionManager: session,
      acceptCompression: [],
      readMaxBytes: CHUNK_BYTES_MAX,
    });
    const stopTicking = this.#tick();
    try {
      this.#subscribe();
      const incoming = createClient(SnapshotChannel, transport).stream(this.#outbox, { signal: this.#abort.signal });
      for await (const message of incoming) this.#receive(message);
      this.#end ??= { reason: "the operator closed the stream", comeBack: "soon" };
    } catch (cause) {
      this.#end ??= {
        reason: cause instanceof Error ? cause.message : String(cause),
        comeBack: this.#isHeard ? "soon" : "later",
      };
    } finally {
      stopTicking();
      this.#outbox.close();
      session.abort();
    }
    return this.#end;
  }

  #subscribe(): void {
    const { className, proxyId, holding } = this.#options;
    const held = [...holding.hashes()].map(([id, hash]) => ({ id: id as string, hash }));
    const { version, position } = holding;
    for (let start = 0; start === 0 || start < held.length; start += HELD_PER_MESSAGE) {
      const more = start + HELD_PER_MESSAGE < held.length;
      const part = { held: held.slice(start, start + HELD_PER_MESSAGE), more };
      const first = { class: className, proxyId, formats: [RESOURCE_FORMAT], version, position };
      this.#say({ case: "subscribe", value: start === 0 ? { ...first, ...part } : part });
    }
  }

  #receive({ message }: OperatorMessage): void {
    this.#heardMs = this.#options.clock.monotonicMs();
    if (!this.#isHeard) {
      this.#isHeard = true;
      this.#options.onHeard();
    }
    if (message.case === "goAway") this.end(goAwayEnd(message.value));
    else if (message.case === "chunk") this.#receiveChunk(message.value);
  }

  #receiveChunk(chunk: DeltaChunk): void {
    const assembled = this.#assembler.add(chunk);
    if (this.#applying) this.end({ reason: "the operator sent a delta before the answer to the last", comeBack: "later" });
    else if (!assembled.ok) this.end({ reason: assembled.error, comeBack: "later" });
    // Not awaited: what the operator says meanwhile shows that it lives. It sends no further delta before it has the answer.
    else if (assembled.value) void this.#applyDelta(assembled.value);
  }

  async #applyDelta(delta: AssembledDelta): Promise<void> {
    const { holding, apply } = this.#options;
    const { version } = delta;
    const checking = holding.check(delta);
    this.#applying = true;
    const outcome: Outcome = checking.ok ? await apply(checking.value.checked) : { applied: false, reason: checking.error };
    this.#applying = false;
    if (!outcome.applied) {
      // The answer is read before the stream ends: the outbox is closed, not cut off, and the operator sends us away.
      this.#say({ case: "nack", value: { version, whole: outcome.reason } });
      this.#end ??= { reason: `version ${version} could not be applied: ${outcome.reason}`, comeBack: "later" };
      return;
    }
    if (checking.ok) holding.apply(checking.value.checked, checking.value.sum, delta.position);
    const refusals = outcome.refused.map(({ id, reason }) => ({ id: id as ResourceId as string, reason }));
    if (refusals.length === 0) this.#say({ case: "ack", value: { version } });
    else this.#say({ case: "nack", value: { version, refusals } });
  }

  #say(content: NonNullable<MessageInitShape<typeof ProxyMessageSchema>["message"]>): void {
    const said = this.#outbox.put(create(ProxyMessageSchema, { message: content }));
    if (!said) this.end({ reason: "the operator does not read", comeBack: "later" });
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
        if (this.#outbox.isEmpty) this.#say({ case: "heartbeat", value: {} });
        next();
      });
    };
    next();
    return () => cancel();
  }
}

function goAwayEnd({ reason, detail }: GoAway): StreamEnd {
  if (reason === GoAway_Reason.AGE) return { reason: "the stream reached its age", comeBack: "soon" };
  if (reason === GoAway_Reason.SHUTDOWN) return { reason: "the operator shuts down", comeBack: "soon" };
  if (reason === GoAway_Reason.NOT_HOLDER) return { reason: "another replica serves", comeBack: "later" };
  return { reason: `the operator refused: ${detail}`, comeBack: "later" };
}

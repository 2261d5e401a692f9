import { create, fromBinary } from "@bufbuild/protobuf";
import { DeltaEncoder } from "../../src/channel/delta-encoder.ts";
import { OperatorMessageSchema, ProxyMessageSchema } from "../../src/channel/gen/snapshot_pb.ts";
import { MessageReader } from "../../src/channel/grpc/messages.ts";
import { ProxyStream } from "../../src/channel/proxy-stream.ts";
import { CHANNEL_TIMING } from "../../src/channel/timing.ts";
import { Compiler } from "../../src/control/graph/compiler.ts";
import { Publisher } from "../../src/control/publish/publisher.ts";
import { Reconciler } from "../../src/control/reconciler.ts";
import { ObjectStore } from "../../src/control/store/object-store.ts";
import { type CompileSettings, EVERY_CLASS } from "../../src/control/translate/settings.ts";
import { Intake } from "../../src/control/validate/intake.ts";
import { KindCatalog } from "../../src/control/validate/kind-catalog.ts";
import type { KubernetesObject } from "../../src/control/validate/stored-form.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import type { Problem } from "../../src/model/problem.ts";
import { RESOURCE_FORMAT } from "../../src/model/resource.ts";

/** Longer than the reconciler waits after a run for what belongs to it: the next change finds it idle. */
const IDLE_AFTER_MS = 12;

/** A delta as it was sent, in messages. */
export type SentDelta = readonly Uint8Array[];

/** How many resources a delta brings or takes away, and its bytes on the wire. */
export function sizeOf(sent: SentDelta): { readonly resources: number; readonly bytes: number } {
  let [resources, bytes] = [0, 0];
  for (const framed of sent) {
    bytes += framed.length;
    for (const message of new MessageReader(framed.length).read(framed)) {
      const { message: said } = fromBinary(OperatorMessageSchema, message);
      if (said.case === "goAway") throw new Error(`the proxy was sent away: ${said.value.detail}`);
      if (said.case === "chunk") resources += said.value.upserts.length + said.value.removals.length;
    }
  }
  return { resources, bytes };
}

/** The control plane with one proxy that listens, without the network between them: from objects to encoded messages. */
export class OperatorRun {
  readonly #store = new ObjectStore();
  readonly #intake = new Intake(this.#store, new KindCatalog());
  readonly #publisher = new Publisher();
  readonly #reconciler: Reconciler;
  readonly #stream: ProxyStream;
  #sent: Uint8Array[] = [];
  #onSent: () => void = () => {};

  constructor(settings: CompileSettings) {
    this.#reconciler = new Reconciler({
      store: this.#store,
      compiler: new Compiler(settings),
      publisher: this.#publisher,
      clock: systemClock,
      onCompiled: () => {},
      onFailed: fail,
    });
    const host = {
      clock: systemClock,
      timing: CHANNEL_TIMING,
      encoder: new DeltaEncoder(),
      current: (className: string) => this.#publisher.current(className),
      mayPublish: () => true,
      position: () => ({ term: 1n, sequence: 1n, lease: "" }),
      onSubscribed: (stream: ProxyStream) => {
        this.#publisher.subscribe(EVERY_CLASS, (delta) => stream.onDelta(delta));
      },
      onAnswer: () => {},
      onEnded: () => {},
    };
    const send = (framed: Uint8Array): void => {
      this.#sent.push(framed);
      this.#onSent();
    };
    this.#stream = new ProxyStream(host, { hasRoom: true, send, end: () => {} });
  }

  /** Takes an object in, as a watch event brings it. */
  put(object: KubernetesObject): void {
    const identified = this.#intake.identify(object);
    if (!identified.ok || identified.value === null) throw new Error(`not an object: ${JSON.stringify(object)}`);
    this.#intake.put(this.#intake.check(identified.value));
  }

  /** Compiles and publishes what was taken in; its problems. */
  async start(): Promise<readonly Problem[]> {
    return (await this.#reconciler.start()).problems;
  }

  /** Has the proxy subscribe. Its first delta is the snapshot. */
  subscribe(): void {
    const value = { class: EVERY_CLASS, proxyId: "bench", formats: [RESOURCE_FORMAT], held: [], version: "", more: false };
    this.#stream.receive(create(ProxyMessageSchema, { message: { case: "subscribe", value } }));
  }

  /** The next delta that the proxy is sent, which it is at once. To be acknowledged. */
  async nextDelta(): Promise<SentDelta> {
    while (this.#sent.length === 0) {
      await new Promise<void>((resolve) => {
        this.#onSent = resolve;
      });
    }
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  /** The proxy runs what it was sent; resolves when the next change finds the reconciler idle. */
  async acknowledge(): Promise<void> {
    const version = this.#publisher.current(EVERY_CLASS)?.version ?? "";
    this.#stream.receive(create(ProxyMessageSchema, { message: { case: "ack", value: { version } } }));
    await new Promise((resolve) => setTimeout(resolve, IDLE_AFTER_MS));
  }

  async stop(): Promise<void> {
    this.#stream.end();
    await this.#reconciler.stop();
  }
}

function fail(error: unknown): never {
  throw error;
}

import { create, toBinary } from "@bufbuild/protobuf";
import { type OperatorMessage, OperatorMessageSchema, ProxyMessageSchema } from "../../src/channel/gen/snapshot_pb.ts";
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

/** An encoded delta: how many resources it brings, and its bytes on the wire. */
export interface SentDelta {
  readonly resources: number;
  readonly bytes: number;
}

/** The control plane with one proxy that listens, without the network between them: from objects to encoded messages. */
export class OperatorRun {
  readonly #store = new ObjectStore();
  readonly #intake = new Intake(this.#store, new KindCatalog());
  readonly #publisher = new Publisher();
  readonly #reconciler: Reconciler;
  readonly #stream: ProxyStream;
  readonly #outgoing: AsyncGenerator<OperatorMessage>;

  constructor(settings: CompileSettings) {
    this.#reconciler = new Reconciler({
      store: this.#store,
      compiler: new Compiler(settings),
      publisher: this.#publisher,
      clock: systemClock,
      onCompiled: () => {},
      onFailed: fail,
    });
    this.#stream = new ProxyStream({
      clock: systemClock,
      timing: CHANNEL_TIMING,
      current: (className) => this.#publisher.current(className),
      mayPublish: () => true,
      position: () => ({ term: 1n, sequence: 1n, lease: "" }),
      onSubscribed: (stream) => {
        this.#publisher.subscribe(EVERY_CLASS, (delta) => stream.onDelta(delta));
      },
      onAnswer: () => {},
    });
    this.#outgoing = this.#stream.outgoing();
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

  /** The next delta that the proxy is sent, encoded. To be acknowledged. */
  async nextDelta(): Promise<SentDelta & { readonly version: string }> {
    let [resources, bytes] = [0, 0];
    for (;;) {
      const { value: sent } = await this.#outgoing.next();
      if (sent?.message.case === "goAway") throw new Error(`the proxy was sent away: ${sent.message.value.detail}`);
      if (sent?.message.case !== "chunk") continue;
      const chunk = sent.message.value;
      resources += chunk.upserts.length + chunk.removals.length;
      bytes += toBinary(OperatorMessageSchema, sent).length;
      if (chunk.commit) return { resources, bytes, version: chunk.commit.version };
    }
  }

  /** The proxy runs a version; resolves when the next change finds the reconciler idle. */
  async acknowledge(version: string): Promise<void> {
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

import { Worker } from "node:worker_threads";
import type { Clock } from "../../kernel/clock.ts";
import type { FromWorker, GenerationUpdate, ToWorker, WorkerStart } from "../messages.ts";
import type { SupervisorTiming } from "./timing.ts";
import { within } from "./within.ts";

/** What a worker tells beside the answers that are awaited. */
export interface WorkerEvents {
  onReady(worker: WorkerHandle): void;
  /** It listens and carries traffic. */
  onLive(worker: WorkerHandle): void;
  /** The thread is gone; `reason` says why it ended. */
  onExit(worker: WorkerHandle, reason: string): void;
  onAccessLines(lines: Uint8Array<ArrayBuffer>): void;
  onLog(worker: WorkerHandle, line: Extract<FromWorker, { readonly type: "log" }>): void;
}

/** What came of asking a worker to prepare. */
export type Preparation =
  /** `problem`: its word on entry points it could not open; null when all are. `hasSwitched`: the second step is done as well. */
  | { readonly outcome: "prepared"; readonly problem: string | null; readonly hasSwitched: boolean }
  /** It cannot use the generation, and runs on what it has. */
  | { readonly outcome: "refused"; readonly reason: string }
  /** It is gone, or did not answer in time. */
  | { readonly outcome: "lost"; readonly reason: string };

export interface WorkerHandleOptions {
  readonly url: URL;
  readonly start: WorkerStart;
  /** Heap limit of the thread. */
  readonly heapMb: number;
  readonly events: WorkerEvents;
  readonly clock: Clock;
  readonly timing: SupervisorTiming;
}

/** One worker thread as the supervisor sees it, from its start to its exit. */
export class WorkerHandle {
  readonly slot: number;
  readonly startedMs: number;
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #timing: SupervisorTiming;
  readonly #events: WorkerEvents;
  readonly #waiting = new Map<string, (message: FromWorker | null) => void>();
  readonly #exited: Promise<void>;
  /** `ready`: it holds what it was started with, and listens once it has switched to what is current. */
  #state: "starting" | "ready" | "live" | "gone" = "starting";
  #heardMs: number;
  #sequence = 0;
  #error: Error | null = null;

  constructor({ url, start, heapMb, events, clock, timing }: WorkerHandleOptions) {
    this.slot = start.slot;
    this.#clock = clock;
    this.#timing = timing;
    this.#events = events;
    this.startedMs = clock.monotonicMs();
    this.#heardMs = this.startedMs;
    this.#worker = new Worker(url, {
      workerData: start,
      name: `worker ${start.slot}`,
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    });
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("error", (error: Error) => {
      this.#error = error;
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once("exit", (code) => {
        this.#state = "gone";
        for (const answer of this.#waiting.values()) answer(null);
        resolve();
        events.onExit(this, this.#error ? this.#error.message : `exit code ${code}`);
      });
    });
  }

  /** Whether it carries traffic. */
  get isLive(): boolean {
    return this.#state === "live";
  }

  /** Whether it can be given a generation. */
  get isReady(): boolean {
    return this.#state === "ready" || this.#state === "live";
  }

  /** The generation it holds; 0: none. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Whether it should have been heard or have become ready by now. */
  isOverdue(nowMs: number): boolean {
    if (this.#state === "starting") return nowMs - this.startedMs > this.#timing.startMs;
    return this.isReady && nowMs - this.#heardMs > this.#timing.silenceMs;
  }

  /** First step; and the second with it, where the worker is `alone`. */
  async prepare(update: GenerationUpdate, alone: boolean): Promise<Preparation> {
    const answer = await this.#ask({ type: "prepare", update, alone }, `prepared ${update.sequence}`, this.#timing.prepareMs);
    if (answer?.type !== "prepared") {
      return { outcome: "lost", reason: this.#missing(`prepare generation ${update.sequence}`, this.#timing.prepareMs) };
    }
    if (answer.refusal !== null) return { outcome: "refused", reason: answer.refusal };
    const { problem, hasSwitched } = answer;
    if (hasSwitched) this.#hasSwitched(update.sequence);
    return { outcome: "prepared", problem, hasSwitched };
  }

  /** Second step. Null when it has switched, else why not. */
  async switch(sequence: number): Promise<string | null> {
    const answer = await this.#ask({ type: "switch", sequence }, `switched ${sequence}`, this.#timing.switchMs);
    if (answer === null) return this.#missing(`switch to generation ${sequence}`, this.#timing.switchMs);
    this.#hasSwitched(sequence);
    return null;
  }

  /** It carries traffic from now on, or could if there were an entry point. */
  goLive(): void {
    if (this.#state !== "ready") return;
    this.#state = "live";
    this.#events.onLive(this);
  }

  post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** Ends the thread; resolves when it is gone. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
    await this.#exited;
  }

  /** Resolves when the thread has ended by itself. */
  exited(): Promise<void> {
    return this.#exited;
  }

  #hasSwitched(sequence: number): void {
    this.#sequence = sequence;
    this.goLive();
  }

  #missing(what: string, limitMs: number): string {
    return this.#state === "gone" ? `it ended before it could ${what}` : `it did not ${what} within ${limitMs} ms`;
  }

  async #ask(message: ToWorker, key: string, limitMs: number): Promise<FromWorker | null> {
    if (this.#state === "gone") return null;
    const answer = new Promise<FromWorker | null>((resolve) => this.#waiting.set(key, resolve));
    this.post(message);
    const received = await within(this.#clock, limitMs, answer);
    this.#waiting.delete(key);
    return received;
  }

  #receive(message: FromWorker): void {
    this.#heardMs = this.#clock.monotonicMs();
    if (message.type === "accessLog") this.#events.onAccessLines(message.lines);
    else if (message.type === "log") this.#events.onLog(this, message);
    else if (message.type === "prepared" || message.type === "switched") {
      this.#waiting.get(`${message.type} ${message.sequence}`)?.(message);
    } else if (message.type === "ready") {
      this.#sequence = message.sequence;
      this.#state = "ready";
      this.#events.onReady(this);
    }
  }
}

import { Worker } from "node:worker_threads";
import type { Clock } from "../../kernel/clock.ts";
import type { FromWorker, GenerationUpdate, ToWorker, WorkerStart } from "../messages.ts";
import type { SupervisorTiming } from "./timing.ts";
import { within } from "./within.ts";

/** What a worker tells beside the answers that are awaited. */
export interface WorkerEvents {
  onReady(worker: WorkerHandle): void;
  /** The thread is gone; `reason` says why it ended. */
  onExit(worker: WorkerHandle, reason: string): void;
  onLog(worker: WorkerHandle, line: Extract<FromWorker, { readonly type: "log" }>): void;
}

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
  readonly #waiting = new Map<string, (message: FromWorker | null) => void>();
  readonly #exited: Promise<void>;
  #state: "starting" | "live" | "gone" = "starting";
  #heardMs: number;
  #sequence = 0;
  #error: Error | null = null;

  constructor({ url, start, heapMb, events, clock, timing }: WorkerHandleOptions) {
    this.slot = start.slot;
    this.#clock = clock;
    this.#timing = timing;
    this.startedMs = clock.monotonicMs();
    this.#heardMs = this.startedMs;
    this.#worker = new Worker(url, {
      workerData: start,
      name: `worker ${start.slot}`,
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    });
    this.#worker.on("message", (message: FromWorker) => this.#receive(message, events));
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

  /** The generation it holds; 0: none. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Whether it should have been heard or have become ready by now. */
  isOverdue(nowMs: number): boolean {
    if (this.#state === "starting") return nowMs - this.startedMs > this.#timing.startMs;
    return this.#state === "live" && nowMs - this.#heardMs > this.#timing.silenceMs;
  }

  /** First step. Answers the worker's word on entry points (null: all open), or why it did not prepare. */
  async prepare(update: GenerationUpdate): Promise<{ readonly prepared: boolean; readonly problem: string | null }> {
    const answer = await this.#ask({ type: "prepare", update }, `prepared ${update.sequence}`, this.#timing.prepareMs);
    if (answer?.type === "prepared") return { prepared: true, problem: answer.problem };
    return { prepared: false, problem: this.#missing(`prepare generation ${update.sequence}`, this.#timing.prepareMs) };
  }

  /** Second step. Null when it has switched, else why not. */
  async switch(sequence: number): Promise<string | null> {
    const answer = await this.#ask({ type: "switch", sequence }, `switched ${sequence}`, this.#timing.switchMs);
    if (answer === null) return this.#missing(`switch to generation ${sequence}`, this.#timing.switchMs);
    this.#sequence = sequence;
    return null;
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

  #receive(message: FromWorker, events: WorkerEvents): void {
    this.#heardMs = this.#clock.monotonicMs();
    if (message.type === "log") events.onLog(this, message);
    else if (message.type === "prepared" || message.type === "switched") {
      this.#waiting.get(`${message.type} ${message.sequence}`)?.(message);
    } else if (message.type === "ready") {
      this.#sequence = message.sequence;
      this.#state = "live";
      events.onReady(this);
    }
  }
}

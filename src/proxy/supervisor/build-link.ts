import { Worker } from "node:worker_threads";
import type { CheckedDelta } from "../../channel/holding.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { BuildStart, FromBuild, ToBuild } from "../messages.ts";
import { within } from "./within.ts";

/** A build thread that has not answered for this long never will: even a world from nothing takes a fraction of it. */
const ANSWER_MS = 120_000;

/**
 * Room for young objects in the build thread's heap, in MB. What it makes lives for long, but for a delta's parts: room that the system
 * would give by itself (48 MB) is filled by the first snapshot, and kept.
 */
const YOUNG_HEAP_MB = 3;

/** What is live is told at the latest after this long: nothing but the disk waits for it, and alone it would wake the thread. */
const COMMIT_MS = 1_000;

/** Most descriptions asked for at a time; they are large. */
const DESCRIPTIONS_MAX = 4;

type Answer = Exclude<FromBuild, { readonly type: "log" }>;
export type Restored = Extract<FromBuild, { readonly type: "restored" }>;
export type Built = Extract<FromBuild, { readonly type: "built" | "rejected" }>;

export interface BuildLinkOptions {
  readonly url: URL;
  readonly start: BuildStart;
  readonly clock: Clock;
  readonly onLog: (line: Extract<FromBuild, { readonly type: "log" }>) => void;
  /** The thread has ended though nobody closed it. */
  readonly onEnded: (reason: string) => void;
}

/** The supervisor's line to the build thread. One delta at a time. A thread that does not answer is ended. */
export class BuildLink {
  readonly #thread: Worker;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, { resolve(answer: Answer): void; reject(error: Error): void }>();
  readonly #exited: Promise<void>;
  /** The live generation that the thread has still to be told of, and what takes back the timer for it. */
  #untold: { readonly sequence: number; readonly cancel: () => void } | null = null;
  #ended: string | null = null;
  #closing = false;
  #reason = "";
  #requests = 0;

  constructor({ url, start, clock, onLog, onEnded }: BuildLinkOptions) {
    this.#clock = clock;
    this.#thread = new Worker(url, {
      workerData: start,
      name: "build",
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
    });
    this.#thread.on("error", (error: Error) => {
      this.#reason = error.message;
    });
    this.#thread.on("message", (message: FromBuild) => {
      if (message.type === "log") onLog(message);
      else this.#answer(message);
    });
    this.#exited = new Promise((resolve) => {
      this.#thread.once("exit", (code) => {
        this.#ended = this.#reason || `exit code ${code}`;
        for (const { reject } of this.#waiting.values()) reject(new Error(`the build thread ended: ${this.#ended}`));
        this.#waiting.clear();
        if (!this.#closing) onEnded(this.#ended);
        resolve();
      });
    });
  }

  /** Reads the last good snapshot from disk. Rejects when the thread is gone, as all of these do. */
  async restore(): Promise<Restored> {
    return (await this.#ask({ type: "restore" }, "restored")) as Restored;
  }

  async apply(delta: CheckedDelta): Promise<Built> {
    return (await this.#ask({ type: "apply", ...delta }, "built")) as Built;
  }

  /** The generation is live on all workers. The thread hears of it with the next message to it, and of the newest within a second. */
  commit(sequence: number): void {
    const cancel = this.#untold?.cancel ?? this.#clock.after(COMMIT_MS, () => this.#tellCommit());
    this.#untold = { sequence, cancel };
  }

  /** What is live, as redacted JSON. Rejects when too many ask at once. */
  async describe(): Promise<string> {
    if ([...this.#waiting.keys()].filter((key) => key.startsWith("described")).length >= DESCRIPTIONS_MAX) {
      throw new Error("too many ask at once");
    }
    const request = ++this.#requests;
    const answer = await this.#ask({ type: "describe", request }, `described ${request}`);
    return (answer as Extract<FromBuild, { readonly type: "described" }>).json;
  }

  /** Lets the thread write what is still to be written; ends it after `deadlineMs` at the latest. */
  async close(deadlineMs: number): Promise<void> {
    this.#closing = true;
    this.#post({ type: "close" });
    await within(this.#clock, deadlineMs, this.#exited);
    await this.#thread.terminate();
  }

  #ask(message: ToBuild, key: string): Promise<Answer> {
    if (this.#ended !== null) return Promise.reject(new Error(`the build thread ended: ${this.#ended}`));
    const answered = new Promise<Answer>((resolve, reject) => this.#waiting.set(key, { resolve, reject }));
    this.#post(message);
    const cancel = this.#clock.after(ANSWER_MS, () => {
      this.#reason = `it did not answer within ${ANSWER_MS} ms`;
      void this.#thread.terminate();
    });
    return answered.finally(cancel);
  }

  #post(message: ToBuild): void {
    this.#tellCommit();
    this.#thread.postMessage(message);
  }

  #tellCommit(): void {
    if (this.#untold === null) return;
    const { sequence, cancel } = this.#untold;
    cancel();
    this.#untold = null;
    this.#thread.postMessage({ type: "commit", sequence } satisfies ToBuild);
  }

  #answer(message: Answer): void {
    const key = answerKey(message);
    this.#waiting.get(key)?.resolve(message);
    this.#waiting.delete(key);
  }
}

function answerKey(message: Answer): string {
  if (message.type === "described") return `described ${message.request}`;
  return message.type === "rejected" ? "built" : message.type;
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { RunEvent } from "../../src/cmd/run-events.ts";
import type { EventLog, EventSource } from "./event-log.ts";

const MAIN = new URL("../../src/main.ts", import.meta.url).pathname;
const STDERR_CHARS_MAX = 20_000;
const STOP_TIMEOUT_MS = 60_000;

/** A `fairway` command as a process of its own, whose events go to a log. It ends with this process at the latest. */
export class FairwayCommand {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #abandon = (): void => void this.#child.kill("SIGKILL");
  #stderr = "";

  /** `onTold` gets what the process says over IPC (see `worker-watch.ts`). */
  constructor(
    source: EventSource,
    log: EventLog,
    nodeFlags: readonly string[],
    args: readonly string[],
    onTold?: (message: unknown) => void,
  ) {
    this.#child = spawn(process.execPath, [...nodeFlags, MAIN, source, ...args, "--events", "json"], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#exited = once(this.#child, "exit");
    process.once("exit", this.#abandon);
    createInterface({ input: this.#child.stdout as NonNullable<ChildProcess["stdout"]> }).on("line", (line) =>
      log.add(source, JSON.parse(line) as RunEvent),
    );
    this.#child.stderr?.on("data", (bytes) => {
      this.#stderr = (this.#stderr + String(bytes)).slice(-STDERR_CHARS_MAX);
    });
    if (onTold !== undefined) this.#child.on("message", onTold);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The end of what it wrote to stderr. */
  get stderr(): string {
    return this.#stderr;
  }

  tell(message: object): void {
    this.#child.send(message);
  }

  /** Ends it; resolves when it is gone, by force if need be. */
  async stop(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    process.off("exit", this.#abandon);
    if (this.isRunning) this.#child.kill(signal);
    const timer = setTimeout(this.#abandon, STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(timer);
  }
}

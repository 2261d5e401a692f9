import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const MAIN = new URL("../../../src/main.ts", import.meta.url).pathname;
const START_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 20_000;
const LOG_LINES_MAX = 200;

/** A line of `fairway dev --events json`. */
type DevEvent =
  | { readonly event: "listening"; readonly entryPoint: { readonly port: number; readonly tls: boolean } }
  | { readonly event: "live"; readonly atMs: number }
  | { readonly event: (typeof LOSSES)[number] };

/** Events that no change to a folder may bring. */
const LOSSES = ["workerLost", "rejected", "closed", "entryPointFailed", "operatorLost"] as const;

/** A running `fairway dev` with one entry point, on a free port, followed by its events; flags may add one with TLS. */
export class FairwayDev {
  readonly #process: ChildProcess;
  readonly #lives: number[] = [];
  readonly #log: string[] = [];
  readonly #losses: string[] = [];
  readonly #abandon = () => this.#process.kill("SIGKILL");
  #port = 0;
  #tlsPort = 0;
  #noteLive = Promise.withResolvers<void>();

  /**
   * Starts it; resolves when the folder is served. `flags` come after those given here; `main` is another build of the program, and
   * `nodeFlags` are for what runs it.
   */
  static async start(
    folder: string,
    workers: number,
    flags: readonly string[] = [],
    main = MAIN,
    nodeFlags: readonly string[] = [],
  ): Promise<FairwayDev> {
    const dev = new FairwayDev(folder, workers, flags, [...nodeFlags, main]);
    try {
      if ((await dev.liveAfter(0, START_TIMEOUT_MS)) === null || dev.port === 0) throw new Error("it is not live in time");
      return dev;
    } catch (error) {
      await dev.stop();
      throw new Error(`fairway dev does not start: ${(error as Error).message}\n${dev.log}`);
    }
  }

  private constructor(folder: string, workers: number, flags: readonly string[], main: readonly string[]) {
    const args = ["dev", folder, "--entrypoint", "web=127.0.0.1:0", "--workers", String(workers), "--events", "json", ...flags];
    this.#process = spawn(process.execPath, [...main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    process.once("exit", this.#abandon);
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => this.#take(line));
    }
  }

  /** The last lines it wrote, and how it ended if it has. */
  get log(): string {
    const { exitCode, signalCode } = this.#process;
    const end = exitCode === null && signalCode === null ? [] : [`ended with ${exitCode ?? signalCode}`];
    return [...this.#log, ...end].join("\n");
  }

  /** Lines of events that no change to a folder may bring. */
  get losses(): readonly string[] {
    return this.#losses;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get port(): number {
    return this.#port;
  }

  /** Port of an entry point with TLS that flags add; 0 without one. */
  get tlsPort(): number {
    return this.#tlsPort;
  }

  /** When something became live on every worker, later than `afterMs` (both in ms since the epoch); null when nothing does in time. */
  async liveAfter(afterMs: number, timeoutMs: number): Promise<number | null> {
    const deadline = sleep(timeoutMs, null, { ref: false });
    for (;;) {
      const found = this.#lives.find((liveMs) => liveMs > afterMs);
      if (found !== undefined) return found;
      if ((await Promise.race([this.#noteLive.promise.then(() => "live"), deadline])) === null) return null;
    }
  }

  /** Ends it as Ctrl-C does; by force when that takes too long. */
  async stop(): Promise<void> {
    process.off("exit", this.#abandon);
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGINT");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  }

  #take(line: string): void {
    this.#log.push(line);
    if (this.#log.length > LOG_LINES_MAX) this.#log.shift();
    if (!line.startsWith("{")) return;
    const event = JSON.parse(line) as DevEvent;
    if (event.event === "listening" && event.entryPoint.tls) this.#tlsPort = event.entryPoint.port;
    else if (event.event === "listening") this.#port = event.entryPoint.port;
    if (LOSSES.some((loss) => loss === event.event)) this.#losses.push(line);
    if (event.event !== "live") return;
    this.#lives.push(event.atMs);
    this.#noteLive.resolve();
    this.#noteLive = Promise.withResolvers();
  }
}

import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Acceptances } from "./acceptances.ts";
import { askAdmin, readMetrics } from "./admin-port.ts";
import { EventLog } from "./event-log.ts";
import { FairwayCommand } from "./fairway-command.ts";
import type { MallocMemory } from "./malloc.ts";
import { onSoakClock, soakMs } from "./soak-clock.ts";
import { ThreadMemories } from "./thread-memory.ts";
import type { EndWorker, WatchMessage } from "./worker-watch.ts";

const WATCH = new URL("worker-watch.ts", import.meta.url).pathname;
/** The watch asks the C library, which takes a module that Node calls experimental. */
const WATCH_FLAGS = ["--experimental-ffi", "--disable-warning=ExperimentalWarning", "--import", WATCH];
/** A machine may be very busy. */
const START_TIMEOUT_MS = 180_000;
/** From a change in the folder to the last worker's switch, with an operator's restart in between. */
const LIVE_TIMEOUT_MS = 180_000;
/** A worker that hangs is ended after 10 s of silence, when its successor listens. */
const END_TIMEOUT_MS = 180_000;

/** How a worker is ended: from within, or by the switch of the admin port. */
export type WorkerEnd = EndWorker["how"] | "terminate";

/** An operator on a folder and a proxy of it, as two processes. */
export class FairwayPair {
  readonly log = new EventLog();
  readonly acceptances = new Acceptances();
  /** What the proxy's allocator told last; null when it tells nothing. */
  malloc: MallocMemory | null = null;
  /** Of the proxy's threads. */
  readonly memories = new ThreadMemories();
  operatorRestarts = 0;
  readonly #folder: string;
  readonly #state = mkdtempSync(join(tmpdir(), "fairway-soak-state-"));
  /** Threads that are workers, and their slots. */
  readonly #workers = new Map<number, number>();
  #operator: FairwayCommand;
  #proxy: FairwayCommand | null = null;
  #operatorPort = 0;
  #adminPort = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#operator = this.#operatorCommand();
  }

  /** Starts both; resolves when the proxy serves what the folder says. */
  static async start(folder: string, workers: number): Promise<FairwayPair> {
    const pair = new FairwayPair(folder);
    try {
      pair.#operatorPort = (await pair.log.since(0, "serving", () => true, START_TIMEOUT_MS)).event.port;
      pair.#startProxy(workers);
      pair.#adminPort = (await pair.log.since(0, "admin", () => true, START_TIMEOUT_MS)).event.port;
      await pair.log.since(0, "live", () => true, START_TIMEOUT_MS);
      return pair;
    } catch (cause) {
      await pair.stop();
      throw new Error(`fairway does not start:\n${pair.stderr}`, { cause });
    }
  }

  get proxy(): FairwayCommand {
    if (this.#proxy === null) throw new Error("the proxy runs once it was started");
    return this.#proxy;
  }

  get operatorPid(): number {
    return this.#operator.pid;
  }

  get stderr(): string {
    return `operator:\n${this.#operator.stderr}\nproxy:\n${this.#proxy?.stderr ?? ""}`;
  }

  /** Resolves when every worker runs what the folder says, after a change to it that was made since then. */
  async live(sinceMs: number): Promise<void> {
    const { event } = await this.log.since(sinceMs, "published", () => true, LIVE_TIMEOUT_MS);
    await this.log.since(sinceMs, "live", ({ version }) => version === event.version, LIVE_TIMEOUT_MS);
  }

  /** Ends a worker; resolves when its successor carries traffic. */
  async endWorker(how: WorkerEnd): Promise<void> {
    const thread = [...this.#workers.keys()][0];
    if (thread === undefined) throw new Error("no worker has told of itself");
    const slot = this.#workers.get(thread) as number;
    this.#workers.delete(thread);
    const sinceMs = soakMs();
    const kill = this.acceptances.killing(thread, sinceMs);
    if (how === "terminate") await askAdmin(this.#adminPort, "POST", `/debug/terminate-worker?slot=${slot}`);
    else this.proxy.tell({ thread, how } satisfies EndWorker);
    const ready = this.log.since(sinceMs, "workerReady", () => true, END_TIMEOUT_MS);
    const lost = this.log.since(sinceMs, "workerLost", (event) => event.slot === slot, END_TIMEOUT_MS);
    const [{ atMs }] = await Promise.all([lost, ready]);
    kill.untilMs = atMs;
  }

  stopOperator(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    return this.#operator.stop(signal);
  }

  /** Starts the operator again, at the same port. */
  startOperator(): void {
    this.#operator = this.#operatorCommand();
    this.operatorRestarts++;
  }

  /** The proxy's metrics without labels, by name. */
  metrics(): Promise<ReadonlyMap<string, number>> {
    return readMetrics(this.#adminPort);
  }

  /** Open sockets of the proxy's process, listening ones too. */
  sockets(): number {
    const folder = `/proc/${this.proxy.pid}/fd`;
    return readdirSync(folder).filter((fd) => linkOf(join(folder, fd)).startsWith("socket:")).length;
  }

  /** Ends both. The proxy ends in order: answers its exit. */
  async stop(): Promise<void> {
    await this.#proxy?.stop("SIGTERM");
    await this.#operator.stop("SIGTERM");
    rmSync(this.#state, { recursive: true, force: true });
  }

  #operatorCommand(): FairwayCommand {
    const listen = ["--listen", `127.0.0.1:${this.#operatorPort}`];
    return new FairwayCommand("operator", this.log, [], ["--manifests", this.#folder, ...listen]);
  }

  #startProxy(workers: number): void {
    const operator = ["--operator", `http://127.0.0.1:${this.#operatorPort}`, "--class", "fairway"];
    const rest = [
      "--state",
      this.#state,
      "--workers",
      String(workers),
      "--admin",
      "127.0.0.1:0",
      "--debug-endpoints",
      "--drain-delay",
      "0",
    ];
    this.#proxy = new FairwayCommand("proxy", this.log, WATCH_FLAGS, [...operator, ...rest], (message) =>
      this.#take(message as WatchMessage),
    );
  }

  #take(message: WatchMessage): void {
    if (message.type === "worker") this.#workers.set(message.thread, message.slot);
    else if (message.type === "accepted") this.acceptances.add({ ...message, atMs: onSoakClock(message.atMs) });
    else if (message.type === "malloc") this.malloc = message.memory;
    else this.memories.add(message.thread, message.role, message.memory, soakMs());
  }
}

/** What a descriptor is; it may be closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

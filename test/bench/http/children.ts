import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism } from "node:os";

const STOP_TIMEOUT_MS = 10_000;
const LOG_CHARS_MAX = 8_000;

/** What is measured has this core to itself; load and upstream share the other. */
export const PROXY_CORE = 0;
export const LOAD_CORE = 1;

/** Whether processes are held to cores: there are two, and `taskset` to do it. */
export const IS_PINNED = availableParallelism() > 1 && spawnSync("taskset", ["--version"]).status === 0;

const running = new Set<Child>();
process.once("exit", () => {
  for (const child of running) child.kill();
});

/** Has Ctrl-C end this process in a way that ends its children too. */
export function endOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
}

/** A process of the bench's own, held to a core, that does not outlive it. */
export class Child {
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;
  #stdout = "";
  #log = "";

  /** Starts a program; `command` is looked up in PATH. */
  constructor(core: number, command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const pin = IS_PINNED ? ["taskset", "-c", String(core)] : [];
    const [program, ...all] = [...pin, command, ...args];
    this.#process = spawn(program as string, all, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...environment } });
    this.#exited = once(this.#process, "close").catch(() => {});
    running.add(this);
    this.#process.once("close", () => running.delete(this));
    this.#process.stdout?.on("data", (bytes: Buffer) => {
      this.#stdout = `${this.#stdout}${bytes.toString()}`.slice(-1_000_000);
    });
    this.#process.stderr?.on("data", (bytes: Buffer) => {
      this.#log = `${this.#log}${bytes.toString()}`.slice(-LOG_CHARS_MAX);
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** What it wrote to stdout. */
  get stdout(): string {
    return this.#stdout;
  }

  /** The last of what it wrote to stderr. */
  get log(): string {
    return this.#log;
  }

  /** Waits for its end; throws when it fails, or takes longer. Answers what it wrote to stdout. */
  async output(timeoutMs: number): Promise<string> {
    const timer = setTimeout(() => this.kill(), timeoutMs);
    await this.#exited;
    clearTimeout(timer);
    if (this.#process.exitCode === 0) return this.#stdout;
    throw new Error(
      `${this.#process.spawnargs.join(" ")} ended with ${this.#process.exitCode ?? this.#process.signalCode}: ${this.#log}`,
    );
  }

  /** Ends it, by force when it does not go. */
  async stop(): Promise<void> {
    if (this.hasEnded) return;
    const timer = setTimeout(() => this.kill(), STOP_TIMEOUT_MS);
    this.#process.kill("SIGTERM");
    await this.#exited;
    clearTimeout(timer);
  }

  kill(): void {
    for (const pid of [...treeOf(this.pid)].reverse()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It is gone already.
      }
    }
  }
}

/** A process and all that it started, as far as they live. */
export function treeOf(pid: number): readonly number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "latin1").split(" ").filter(Boolean).map(Number),
    );
    return [pid, ...children.flatMap(treeOf)];
  } catch {
    return [];
  }
}

/** A port of 127.0.0.1 that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Whether a program is in PATH. */
export function hasProgram(name: string): boolean {
  return spawnSync("which", [name], { stdio: "ignore" }).status === 0;
}

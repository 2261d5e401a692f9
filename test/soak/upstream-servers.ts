import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { soakMs } from "./soak-clock.ts";

const MAIN = new URL("upstream-main.ts", import.meta.url).pathname;
/** Longer than any exchange. */
const DRAIN_TIMEOUT_MS = 60_000;

/** A server that was ended with whatever it had under way. */
export interface ServerKill {
  readonly server: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The servers of the soak, each a process on a port of its own that it keeps when it is started again. */
export class UpstreamServers {
  readonly ports = new Map<string, number>();
  readonly kills: ServerKill[] = [];
  /** How many were ended in order, and started again. */
  restarts = 0;
  readonly #processes = new Map<string, ChildProcess>();
  readonly #abandon = (): void => {
    for (const child of this.#processes.values()) child.kill("SIGKILL");
  };

  static async start(names: readonly string[]): Promise<UpstreamServers> {
    const servers = new UpstreamServers();
    process.once("exit", servers.#abandon);
    await Promise.all(names.map((name) => servers.#start(name)));
    return servers;
  }

  /** Whether a server may have been killed between these times. */
  wasKilled(name: string, fromMs: number, toMs: number): boolean {
    return this.kills.some(({ server, ...kill }) => server === name && kill.fromMs <= toMs && kill.untilMs >= fromMs);
  }

  /** Ends a server to which nothing new is sent, once what it has under way has ended, and starts it again. */
  async restart(name: string): Promise<void> {
    const child = this.#processes.get(name) as ChildProcess;
    const exited = once(child, "exit");
    child.send("drain");
    const timer = setTimeout(() => child.kill("SIGKILL"), DRAIN_TIMEOUT_MS);
    const [code] = (await exited) as [number | null];
    clearTimeout(timer);
    if (code !== 0) throw new Error(`${name} was still busy ${DRAIN_TIMEOUT_MS} ms after it had left the configuration`);
    this.restarts++;
    await this.#start(name);
  }

  /** Ends a server on the spot; it stays away for a while. */
  async kill(name: string, awayMs: number): Promise<void> {
    const child = this.#processes.get(name) as ChildProcess;
    const fromMs = soakMs();
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    this.kills.push({ server: name, fromMs, untilMs: soakMs() });
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    await this.#start(name);
  }

  async stop(): Promise<void> {
    process.off("exit", this.#abandon);
    const ended = [...this.#processes.values()].map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    });
    await Promise.all(ended);
  }

  async #start(name: string): Promise<void> {
    const child = spawn(process.execPath, [MAIN, name, String(this.ports.get(name) ?? 0)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#processes.set(name, child);
    const [told] = (await Promise.race([
      once(child, "message"),
      once(child, "exit").then(([code]) => {
        throw new Error(`server ${name} ended with ${code}`);
      }),
    ])) as [{ readonly port: number }];
    this.ports.set(name, told.port);
  }
}

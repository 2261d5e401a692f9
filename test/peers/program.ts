import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How long a program may take to listen, or to go when it is asked to. */
const PATIENCE_MS = 10_000;
/** How much of what it says is kept. */
const SAID_CHARS_MAX = 20_000;

/** Where Debian has the programs that tests run against. */
const PACKAGES = {
  nginx: "nginx-light",
  haproxy: "haproxy",
  caddy: "caddy",
  varnishtest: "varnish",
  curl: "curl",
  sslscan: "sslscan",
  wrk: "wrk",
} as const;

export type ProgramName = keyof typeof PACKAGES;

/** Whether a test cannot run for want of programs, which is then told on stderr: a test must not be skipped in silence. */
export function isMissing(...programs: readonly ProgramName[]): boolean {
  const missing = programs.filter((name) => spawnSync("which", [name]).status !== 0);
  for (const name of missing) process.stderr.write(`SKIPPED for want of ${name}: apt-get install ${PACKAGES[name]}\n`);
  return missing.length > 0;
}

/** A folder of its own for a program's files, with the way to be rid of it. */
export function scratchFolder(name: ProgramName): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), `fairway-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A port of this machine that nobody has now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Runs a program that ends by itself; answers what it said, and its exit code. It is ended when it takes a minute. */
export async function runToEnd(
  command: string,
  args: readonly string[],
): Promise<{ readonly said: string; readonly code: number | null }> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], timeout: 60_000, killSignal: "SIGKILL" });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes: Buffer) => {
      said = (said + bytes.toString("latin1")).slice(-SAID_CHARS_MAX);
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { said, code };
}

/** A program that a test runs against: started by it, and ended by it. */
export class Program {
  readonly #process: ChildProcess;
  readonly #onStopped: () => void;
  readonly #abandon = () => this.#process.kill("SIGKILL");
  #said = "";

  private constructor(child: ChildProcess, onStopped: () => void) {
    this.#process = child;
    this.#onStopped = onStopped;
    process.once("exit", this.#abandon);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (bytes: Buffer) => {
        this.#said = (this.#said + bytes.toString()).slice(-SAID_CHARS_MAX);
      });
    }
  }

  /** Starts a program that listens on a port of this machine; `onStopped` is called when it is gone. */
  static async start(command: string, args: readonly string[], port: number, onStopped: () => void): Promise<Program> {
    const program = new Program(spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] }), onStopped);
    for (const deadline = Date.now() + PATIENCE_MS; !(await accepts(port)); ) {
      if (program.#hasEnded || Date.now() > deadline) {
        await program.stop();
        throw new Error(`${command} does not listen: ${program.#said}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return program;
  }

  get #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  async stop(): Promise<void> {
    process.off("exit", this.#abandon);
    if (!this.#hasEnded) {
      const timer = setTimeout(() => this.#process.kill("SIGKILL"), PATIENCE_MS);
      this.#process.kill("SIGTERM");
      await once(this.#process, "exit");
      clearTimeout(timer);
    }
    this.#onStopped();
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  return new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  }).finally(() => socket.destroy());
}

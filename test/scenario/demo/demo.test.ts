import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { upstreamsOf } from "../../../hack/demo/demo-folder.ts";
import { copyDemo, DEMO } from "../changes/demo-copy.ts";

const DEMO_SCRIPT = new URL("../../../hack/demo.ts", import.meta.url).pathname;
const HAS_CURL = spawnSync("curl", ["--version"]).status === 0;

/** What each printed line must show, in the order they are printed. */
const EXPECTED: readonly RegExp[] = [
  /"server": "web"/,
  /"server": "api",\s+"method": "GET",\s+"path": "\/items"/,
  /"server": "api",\s+"method": "POST",\s+"path": "\/items".*"x-demo-write": "true"/s,
  /"server": "api-next",\s+"method": "GET",\s+"path": "\/items"/,
  /"server": "api-next",\s+"method": "GET",\s+"path": "\/items\?version=next"/,
  /"server": "api(-next)?"/,
  /"server": "docs",\s+"method": "GET",\s+"path": "\/v1\/guide"/,
  /^HTTP\/1.1 302 .*\r\nlocation: https:\/\/secure.localhost:HTTPS\/\r\n/is,
  /"server": "api",\s+"method": "GET",\s+"path": "\/api\/"/,
];

/** Ports that are free now. They are held until all are known, so that each comes once. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listening(0)));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function listening(port: number): Promise<Server> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** A demo in a folder of its own, on ports of its own. */
class Demo {
  readonly folder = mkdtempSync(join(tmpdir(), "fairway-demo-"));
  readonly lines: string[] = [];
  http = 0;
  https = 0;
  #process: ChildProcess | undefined;

  async prepare(): Promise<void> {
    const upstreams = upstreamsOf(DEMO);
    const [http = 0, https = 0, ...ports] = await freePorts(upstreams.length + 2);
    [this.http, this.https] = [http, https];
    copyDemo(this.folder, new Map(upstreams.map(({ name }, i) => [name, ports[i] as number])), new Map([[8443, https]]));
  }

  /** Runs `npm start`'s script; resolves when a line holds the text. */
  async start(awaited: string): Promise<void> {
    const args = [DEMO_SCRIPT, "--dir", this.folder, "--http", String(this.http), "--https", String(this.https)];
    const started = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], detached: true });
    this.#process = started;
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: started.stdout }).on("line", (line) => {
        this.lines.push(line);
        if (line.includes(awaited)) resolve();
      });
      started.once("exit", (code) => reject(new Error(`the demo ended with ${code}:\n${this.lines.join("\n")}`)));
    });
  }

  /** Ends it as Ctrl-C under npm does, with a signal to all its processes and one more to the first; answers its exit code. */
  async stop(): Promise<number | null> {
    const running = this.#process;
    if (running === undefined || running.exitCode !== null) return running?.exitCode ?? null;
    const exited = once(running, "exit") as Promise<[number | null]>;
    process.kill(-(running.pid as number), "SIGINT");
    running.kill("SIGINT");
    const timer = setTimeout(() => running.kill("SIGKILL"), 20_000);
    const [code] = await exited;
    clearTimeout(timer);
    return code;
  }
}

describe.skipIf(!HAS_CURL)("npm start", () => {
  const demo = new Demo();

  beforeAll(async () => {
    await demo.prepare();
    await demo.start("live ");
  });

  afterAll(async () => {
    await demo.stop();
    rmSync(demo.folder, { recursive: true });
  });

  test("prints lines that work as they are", async () => {
    const commands = demo.lines.filter((line) => line.startsWith("  curl ")).map((line) => line.replace(/ +# .*$/, "").trim());
    expect(commands).toHaveLength(EXPECTED.length);
    const outputs = await Promise.all(
      commands.map((command) => promisify(execFile)("sh", ["-c", `${command} --silent --max-time 10`])),
    );
    for (const [i, { stdout }] of outputs.entries()) {
      const wanted = EXPECTED[i] as RegExp;
      expect(stdout, commands[i]).toMatch(new RegExp(wanted.source.replace("HTTPS", String(demo.https)), wanted.flags));
    }
  });

  test("ends with code 0 at Ctrl-C, and its ports are free again", async () => {
    expect(await demo.stop()).toBe(0);
    for (const { port } of [...upstreamsOf(demo.folder), { port: demo.http }, { port: demo.https }]) {
      (await listening(port)).close();
    }
  });

  test("names a port that is taken, and ends with code 1", async () => {
    const [{ name, port }] = upstreamsOf(demo.folder) as [{ name: string; port: number }];
    const start = (http: number) => {
      const args = [DEMO_SCRIPT, "--dir", demo.folder, "--http", String(http), "--https", String(demo.https)];
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 20_000 });
      return `${status}: ${stderr}`;
    };
    const holder = await listening(port);
    expect(start(demo.http)).toBe(
      `1: Port 127.0.0.1:${port}, which the upstream "${name}" needs, is taken. Free it and start again.\n`,
    );
    expect(start(port)).toBe(
      `1: Port 127.0.0.1:${port}, which the entry point "web" needs, is taken. Free it, or choose another one with --http or --https.\n`,
    );
    holder.close();
  });
});

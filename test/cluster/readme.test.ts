import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { outputPattern, toldCommands } from "./readme.ts";

const ROOT = join(import.meta.dirname, "../..");
const CLUSTER = join(ROOT, "hack/cluster.ts");
const COMMANDS = toldCommands(join(ROOT, "README.md"), "On Kubernetes");
/** What a command may be given until it prints what the README says: routes are live a moment after they are applied. */
const SETTLE_MS = 15_000;

/** `npm run cluster` on ports of its own, with the shell that its reader has. */
class RunningCluster {
  missing: string | null = null;
  readonly printed: string[] = [];
  readonly #process: ChildProcess;
  readonly #ports: Ports;
  #setting = "";

  constructor(ports: Ports, ...flags: readonly string[]) {
    this.#ports = ports;
    const args = ["--api", ports.api, "--http", ports.http, "--https", ports.https].map(String);
    this.#process = spawn(process.execPath, [CLUSTER, ...args, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Resolves when it says that it can be used, or is found missing something. */
  async ready(): Promise<void> {
    const errors = createInterface(this.#process.stderr as NodeJS.ReadableStream);
    errors.on("line", (line) => {
      this.missing ??= /^This machine cannot run the cluster: (.*)/.exec(line)?.[1] ?? null;
      this.printed.push(line);
    });
    for await (const line of createInterface(this.#process.stdout as NodeJS.ReadableStream)) {
      this.printed.push(line);
      if (line.trim().startsWith("export ")) this.#setting = line.trim();
      if (line.startsWith("Ctrl-C")) return;
    }
    if (this.missing === null) throw new Error(`it ended: ${this.printed.join("\n")}`);
    console.error(`\nSKIPPED: the README's section on Kubernetes cannot be tried on this machine: ${this.missing}\n`);
  }

  /** Runs a command as its reader does, in a shell with the line that was printed; its ports are those in use. */
  shell(command: string): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
    const here = command.replace(":30080", `:${this.#ports.http}`).replace(":30443", `:${this.#ports.https}`);
    const script = `${this.#setting}\n${here}`;
    const { status, stdout, stderr } = spawnSync("bash", ["-c", script], { cwd: ROOT, encoding: "utf8" });
    return { code: status, stdout, stderr };
  }

  /** What Ctrl-C does. */
  async stop(): Promise<number | null> {
    if (this.#process.exitCode !== null) return this.#process.exitCode;
    this.#process.kill("SIGINT");
    const [code] = (await once(this.#process, "exit")) as [number | null];
    return code;
  }
}

interface Ports {
  readonly api: number;
  readonly http: number;
  readonly https: number;
}

describe("the README's section on Kubernetes", () => {
  let cluster: RunningCluster;

  beforeAll(async () => {
    cluster = new RunningCluster(await freePorts(), "--no-fairway");
    await cluster.ready();
  });

  beforeEach((context) => {
    if (cluster.missing !== null) context.skip(cluster.missing);
  });

  afterAll(() => cluster.stop());

  test.each(COMMANDS.map((told) => [told.command, told.output] as const))("%s", async (command, output) => {
    const isRepeatable = /^(curl|kubectl get) /.test(command);
    await vi.waitFor(
      () => {
        const { code, stdout, stderr } = cluster.shell(command);
        expect(code, stderr).toBe(0);
        expect(stdout.endsWith("\n") ? stdout : `${stdout}\n`).toMatch(outputPattern(output));
      },
      { timeout: isRepeatable ? SETTLE_MS : 0, interval: 500 },
    );
  });
});

describe("npm run cluster", () => {
  let cluster: RunningCluster;

  beforeAll(async () => {
    cluster = new RunningCluster(await freePorts());
    await cluster.ready();
  });

  beforeEach((context) => {
    if (cluster.missing !== null) context.skip(cluster.missing);
  });

  afterAll(() => cluster.stop());

  test("prints lines that work as printed", () => {
    const lines = cluster.printed
      .filter((line) => /^ {2}(curl|kubectl) /.test(line))
      .map((line) => line.split("  # ")[0]?.trim() ?? "");
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) {
      const { code, stdout, stderr } = cluster.shell(line.replace(/^curl /, "curl --fail --silent --show-error "));
      expect(code, `${line}: ${stderr}`).toBe(0);
      expect(stdout).toMatch(line.startsWith("curl") ? /"server": "(web|api|api-next)-/ : /\S/);
    }
  });

  test("leaves nothing behind when it is ended", async () => {
    const folder = /KUBECONFIG=(\S+)\/kubeconfig/.exec(cluster.printed.join("\n"))?.[1] ?? "";
    expect(folder).not.toBe("");
    expect(await cluster.stop()).toBe(0);
    expect(spawnSync("ls", [folder]).status).not.toBe(0);
    expect(spawnSync(join(ROOT, "test/cluster/local/running"), [folder]).status).toBe(1);
  });
});

/** Three ports that are free now; they are held until all are known. */
async function freePorts(): Promise<Ports> {
  const servers = await Promise.all(
    [0, 0, 0].map(async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const [api = 0, http = 0, https = 0] = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return { api, http, https };
}

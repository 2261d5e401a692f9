import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const LOCAL = new URL("local/", import.meta.url).pathname;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
/** What `local/up` says when the machine lacks something, as opposed to a cluster that does not start. */
const MISSING = /cluster: (needs root .*|Go 1\.26 or newer is needed .*|install these packages first:.*)/;

/** How a program ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A one-node Kubernetes cluster in a temporary folder. It ends with `stop`, and with this process at the latest. */
export class Cluster {
  readonly #folder: string;
  readonly #stopAtExit = (): void => this.stop();
  #documents = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    process.once("exit", this.#stopAtExit);
  }

  /** Starts one, building its programs first where that was not done yet; or says what this machine lacks for it. */
  static async start(): Promise<Cluster | { readonly missing: string }> {
    const cluster = new Cluster(mkdtempSync(join(tmpdir(), "fairway-cluster-")));
    const { code, stderr } = await run(`${LOCAL}up`, [cluster.#folder]);
    if (code === 0) return cluster;
    cluster.stop();
    const missing = MISSING.exec(stderr)?.[1];
    if (missing !== undefined) return { missing };
    throw new Error(`the test cluster did not start:\n${stderr}`);
  }

  kubectl(...args: readonly string[]): Promise<Outcome> {
    return run(`${LOCAL}exec`, [this.#folder, "kubectl", ...args]);
  }

  /** Runs kubectl with objects in a file, as in `kubectlWith([object], "create")`. */
  async kubectlWith(objects: readonly unknown[], ...args: readonly string[]): Promise<Outcome> {
    this.#documents += 1;
    const path = join(this.#folder, `objects-${this.#documents}.yaml`);
    writeFileSync(path, objects.map((object) => JSON.stringify(object)).join("\n---\n"));
    return this.kubectl(...args, "--filename", path);
  }

  /** Takes it down with everything in it, and removes the folder. */
  stop(): void {
    process.off("exit", this.#stopAtExit);
    const { status, stderr } = spawnSync(`${LOCAL}down`, [this.#folder], { encoding: "utf8" });
    if (status !== 0) console.error(`the test cluster in ${this.#folder} was not taken down: ${stderr}`);
  }
}

function run(program: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { encoding: "utf8", maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") reject(error);
      else resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

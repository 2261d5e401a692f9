import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const LOCAL = new URL("local/", import.meta.url).pathname;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
/** What `local/up` says when the machine lacks something, as opposed to a cluster that does not start. */
const MISSING = /cluster: (needs root .*|Go 1\.26 or newer is needed .*|install these packages first:.*)/;

/** A program in a process group of its own does not get the terminal's Ctrl-C, so that a second one does not end the clean-up. */
const AWAY_FROM_CTRL_C = { detached: true };

/** How a program ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Why there is no cluster: what this machine lacks. */
export interface Missing {
  readonly missing: string;
}

/** Where a cluster is: in namespaces of this machine, by their folder, or anywhere, by a kubeconfig. */
type Place = { readonly folder: string } | { readonly kubeconfig: string };

/** A Kubernetes cluster, as kubectl and programs beside it see it. */
export class Cluster {
  readonly #place: Place;
  /** Folder for files that kubectl reads. */
  readonly #scratch: string;
  #documents = 0;

  private constructor(place: Place) {
    this.#place = place;
    this.#scratch = "folder" in place ? place.folder : mkdtempSync(join(tmpdir(), "fairway-cluster-"));
  }

  /**
   * Starts one of one node, building its programs first where that was not done yet; or says what this machine lacks for it. Without a
   * folder it gets one of its own, and ends with this process at the latest.
   */
  static async start(folder?: string): Promise<Cluster | Missing> {
    const cluster = new Cluster({ folder: folder ?? mkdtempSync(join(tmpdir(), "fairway-cluster-")) });
    if (folder === undefined) process.once("exit", cluster.#stopAtExit);
    const { code, stderr } = await run(`${LOCAL}up`, [cluster.folder]);
    if (code === 0) return cluster;
    cluster.stop();
    const missing = MISSING.exec(stderr)?.[1];
    if (missing !== undefined) return { missing };
    throw new Error(`the test cluster did not start:\n${stderr}`);
  }

  /** One that was started in this folder, by this process or another one. */
  static in(folder: string): Cluster {
    return new Cluster({ folder });
  }

  /** Any other, by a kubeconfig. */
  static at(kubeconfig: string): Cluster {
    return new Cluster({ kubeconfig });
  }

  /** Whether it is ours alone: tests may do to it what they like. */
  get isOurs(): boolean {
    return "folder" in this.#place;
  }

  /** The folder of a cluster of ours; inside it is `/run/cluster`, too. */
  get folder(): string {
    if (!("folder" in this.#place)) throw new Error("this cluster is somebody else's: it has no folder here");
    return this.#place.folder;
  }

  /**
   * Runs a program where the cluster's addresses can be reached, with kubectl on the PATH. In a cluster of ours that is beside its
   * programs: `pkill` sees them and nothing else.
   */
  exec(program: string, ...args: readonly string[]): Promise<Outcome> {
    if ("folder" in this.#place) return run(`${LOCAL}exec`, [this.#place.folder, program, ...args]);
    return run(program, args, { ...process.env, KUBECONFIG: this.#place.kubeconfig });
  }

  kubectl(...args: readonly string[]): Promise<Outcome> {
    return this.exec("kubectl", ...args);
  }

  /** Runs kubectl with objects in a file, as in `kubectlWith([object], "create")`; a text is YAML as it is. */
  async kubectlWith(objects: string | readonly unknown[], ...args: readonly string[]): Promise<Outcome> {
    this.#documents += 1;
    const path = join(this.#scratch, `objects-${process.pid}-${this.#documents}.yaml`);
    writeFileSync(path, typeof objects === "string" ? objects : objects.map((object) => JSON.stringify(object)).join("\n---\n"));
    return this.kubectl(...args, "--filename", path);
  }

  /** Makes the image in an archive known to the node of a cluster of ours. */
  async importImage(archive: string): Promise<void> {
    await this.#images("import", archive);
  }

  /** Gives an image of the node one more name. */
  async tagImage(name: string, further: string): Promise<void> {
    await this.#images("tag", name, further);
  }

  async #images(...args: readonly string[]): Promise<void> {
    succeeded(await this.exec("ctr", "-a", "/run/containerd.sock", "-n", "k8s.io", "images", ...args));
  }

  readonly #stopAtExit = (): void => this.stop();

  /** Takes a cluster of ours down with everything in it, and removes the folder. */
  stop(): void {
    process.off("exit", this.#stopAtExit);
    const { status, stderr } = spawnSync(`${LOCAL}down`, [this.folder], { encoding: "utf8", ...AWAY_FROM_CTRL_C });
    if (status !== 0) console.error(`the test cluster in ${this.folder} was not taken down: ${stderr}`);
  }
}

/** What a program printed that must have succeeded. */
export function succeeded({ code, stdout, stderr }: Outcome): string {
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr.trim() || stdout.trim()}`);
  return stdout;
}

function run(program: string, args: readonly string[], env = process.env): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { encoding: "utf8", maxBuffer: OUTPUT_BYTES_MAX, env }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") reject(error);
      else resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, inject } from "vitest";
import { type Answer, type CurlTarget, curl, proxyTarget } from "./ask.ts";
import { Cluster, type Missing, type Outcome, succeeded } from "./cluster.ts";
import { type EchoOptions, echoWorkload } from "./echo-workload.ts";
import { importImages, installFairway, makeImages } from "./fairway-install.ts";

/** A file that may be in the shared cluster's folder: what became of installing Fairway there. */
const INSTALLED = "fairway-installed";

/** A cluster with Fairway in it as it is shipped, and a namespace of the test file's own. */
export interface InstalledCluster {
  /** Namespace of this test file; it is there from the first test to the last. */
  readonly namespace: string;
  /** Whether it is ours alone, so that a test may break it. `FAIRWAY_TEST_KUBECONFIG` gives one that is not. */
  readonly isOurs: boolean;
  /** Folder of a cluster of ours; throws for any other. */
  readonly folder: string;
  /** Runs kubectl in the file's namespace; `--namespace` among the arguments says another one. */
  kubectl(...args: readonly string[]): Promise<Outcome>;
  /** The same, where it must succeed; answers what it printed. */
  ok(...args: readonly string[]): Promise<string>;
  /** `kubectl apply` of YAML or objects that must be accepted; into another namespace where one is given. */
  apply(objects: string | readonly unknown[], namespace?: string): Promise<string>;
  /** Runs a program beside the cluster's own, where its addresses can be reached. */
  exec(program: string, ...args: readonly string[]): Promise<Outcome>;
  /** Where the proxies are reached. */
  readonly target: CurlTarget;
  /** Asks the proxies, by whatever host is in the URL; `args` are curl's. Rejects when there is no answer. */
  curl(url: string, ...args: readonly string[]): Promise<Answer>;
  /** Deploys an echo server with a Service of the same name, port 80, and waits until it is ready. */
  echo(name: string, options?: EchoOptions): Promise<void>;
}

/**
 * For a test file: has one cluster of the run started and Fairway installed before its first test, or skips all of its tests and says
 * loudly why. With `FAIRWAY_TEST_KUBECONFIG` it is that one instead, where Fairway and the echo server's image have to be already.
 */
export function onInstalledCluster(): InstalledCluster {
  const file = new FileOnCluster();
  beforeAll(() => file.begin());
  beforeEach((context) => {
    if (file.missing !== null) context.skip(`cannot run on this machine: ${file.missing}`);
  });
  afterAll(() => file.end());
  return file;
}

class FileOnCluster implements InstalledCluster {
  missing: string | null = null;
  #namespace = "";
  #cluster: Cluster | null = null;
  #target: CurlTarget | null = null;

  get namespace(): string {
    return this.#namespace;
  }

  get isOurs(): boolean {
    return this.#started.isOurs;
  }

  get folder(): string {
    return this.#started.folder;
  }

  async begin(): Promise<void> {
    const started = await sharedCluster();
    if (!(started instanceof Cluster)) {
      this.missing = started.missing;
      console.error(`\nSKIPPED: the cluster suite cannot run on this machine: ${started.missing}\n`);
      return;
    }
    this.#cluster = started;
    const file = basename(expect.getState().testPath ?? "file", ".test.ts");
    this.#namespace = `test-${file}-${randomBytes(3).toString("hex")}`;
    succeeded(await started.kubectl("create", "namespace", this.#namespace));
    this.#target = await proxyTarget(started);
  }

  async end(): Promise<void> {
    await this.#cluster?.kubectl("delete", "namespace", this.#namespace, "--wait=false");
  }

  kubectl(...args: readonly string[]): Promise<Outcome> {
    return this.#started.kubectl(...this.#inNamespace(args));
  }

  async ok(...args: readonly string[]): Promise<string> {
    return succeeded(await this.kubectl(...args));
  }

  async apply(objects: string | readonly unknown[], namespace = this.#namespace): Promise<string> {
    return succeeded(await this.#started.kubectlWith(objects, "apply", `--namespace=${namespace}`));
  }

  exec(program: string, ...args: readonly string[]): Promise<Outcome> {
    return this.#started.exec(program, ...args);
  }

  get target(): CurlTarget {
    if (this.#target === null) throw new Error("the cluster is there from the first test on");
    return this.#target;
  }

  curl(url: string, ...args: readonly string[]): Promise<Answer> {
    return curl(this.#started, this.target, url, args);
  }

  async echo(name: string, options: EchoOptions = {}): Promise<void> {
    await this.apply(echoWorkload(name, options));
    await this.ok("rollout", "status", `deployment/${name}`, "--timeout=60s");
  }

  #inNamespace(args: readonly string[]): readonly string[] {
    const isSaid = args.some((arg) => /^(--namespace(=|$)|-n|-A$|--all-namespaces)/.test(arg));
    return isSaid ? args : [`--namespace=${this.#namespace}`, ...args];
  }

  get #started(): Cluster {
    if (this.#cluster === null) throw new Error("the cluster is there from the first test on");
    return this.#cluster;
  }
}

/** The one cluster of this run. Files run one after the other, so the first that asks starts it for all. */
async function sharedCluster(): Promise<Cluster | Missing> {
  const kubeconfig = process.env.FAIRWAY_TEST_KUBECONFIG;
  if (kubeconfig !== undefined) return Cluster.at(kubeconfig);
  const folder = inject("clusterFolder");
  const outcome = join(folder, INSTALLED);
  if (existsSync(outcome)) {
    const failure = readFileSync(outcome, "utf8");
    if (failure !== "") throw new Error(`Fairway could not be installed before: ${failure}`);
    return Cluster.in(folder);
  }
  const started = await Cluster.start(folder);
  if (!(started instanceof Cluster)) return started;
  try {
    await importImages(started, await makeImages(started.folder));
    await installFairway(started);
    writeFileSync(outcome, "");
  } catch (error) {
    writeFileSync(outcome, (error as Error).message.split("\n", 1)[0] ?? "for an unknown reason");
    throw error;
  }
  return started;
}

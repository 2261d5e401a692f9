import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, vi } from "vitest";
import { type Cluster, succeeded } from "./cluster.ts";

/** What a watching process says. */
export type Told =
  | {
      readonly told: "state";
      readonly kind: string;
      readonly is: string;
      readonly status?: number | null;
      readonly reason?: string;
    }
  /** Objects that changed at once, as in `+IngressRoute/a` (there is one now) and `-IngressRoute/b`; the first twenty of `count`. */
  | { readonly told: "changes"; readonly changes: readonly string[]; readonly count: number; readonly objects: number }
  | { readonly told: "ready"; readonly objects: number; readonly ms: number }
  | { readonly told: "done"; readonly order: string };

/** Where API servers of our clusters listen, and a name their certificates are for. */
const API_SERVER = { host: "10.243.0.1", port: "6443", name: "kubernetes" } as const;

const settled = { interval: 50, timeout: 100_000 };

/** A process that watches a cluster of ours with a token, behind a relay of its own: see `watching-process.ts`. */
export class WatchingProcess {
  readonly told: Told[] = [];
  readonly #child: ChildProcess;

  constructor(cluster: Cluster, token: string, relayPort: number) {
    const kubeconfig = join(cluster.folder, `watching-${relayPort}.kubeconfig`);
    const server = `https://127.0.0.1:${relayPort}`;
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [
          { name: "c", cluster: { server, "tls-server-name": API_SERVER.name, "certificate-authority": "/run/cluster/ca.crt" } },
        ],
        users: [{ name: "u", user: { token } }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
        "current-context": "x",
      }),
    );
    const program = new URL("watching-process.ts", import.meta.url).pathname;
    const enter = new URL("local/exec", import.meta.url).pathname;
    const args = [program, kubeconfig, String(relayPort), API_SERVER.host, API_SERVER.port];
    this.#child = spawn(enter, [cluster.folder, process.execPath, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    createInterface(this.#child.stdout as NonNullable<ChildProcess["stdout"]>).on("line", (line) => {
      this.told.push(JSON.parse(line) as Told);
    });
  }

  /** Waits until it has listed everything. */
  async ready(): Promise<Extract<Told, { told: "ready" }>> {
    return await vi.waitUntil(() => this.told.find((each) => each.told === "ready"), settled);
  }

  /** Waits until it has done something. */
  async order(text: string): Promise<void> {
    const count = (): number => this.told.filter((each) => each.told === "done").length;
    const before = count();
    this.#child.stdin?.write(`${text}\n`);
    await expect.poll(count, settled).toBe(before + 1);
  }

  /** Everything it said of changes since some moment (`told.length` then). */
  changes(since = 0): readonly string[] {
    return this.told.slice(since).flatMap((each) => (each.told === "changes" ? each.changes : []));
  }

  /** Waits until it has told of a change since some moment. */
  async sees(change: string, since = 0): Promise<void> {
    await expect.poll(() => this.changes(since), settled).toContain(change);
  }

  /** Waits until it has told that a kind is as described, since some moment. */
  async isToldOf(
    state: { readonly kind: string; readonly is: string; readonly status?: number | null },
    since = 0,
  ): Promise<void> {
    const states = (): readonly Told[] => this.told.slice(since).filter(({ told }) => told === "state");
    await expect.poll(states, settled).toContainEqual(expect.objectContaining(state));
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill();
    await ended;
  }
}

/** A token of a service account that may list and watch what the operator watches; ends with the cluster. */
export async function watchersToken(cluster: Cluster, kinds: readonly { group: string; plural: string }[]): Promise<string> {
  const rules = kinds.map(({ group, plural }) => ({
    apiGroups: [group],
    resources: [plural],
    verbs: ["list", "watch", "get", "create"],
  }));
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "watcher" };
  const subjects = [{ kind: "ServiceAccount", name: "watcher", namespace: "default" }];
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const objects = [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "watcher", namespace: "default" } },
    { apiVersion, kind: "ClusterRole", metadata: { name: "watcher" }, rules },
    { apiVersion, kind: "ClusterRoleBinding", metadata: { name: "watcher" }, roleRef, subjects },
  ];
  succeeded(await cluster.kubectlWith(objects, "apply"));
  return succeeded(await cluster.kubectl("create", "token", "watcher", "--namespace", "default", "--duration", "2h")).trim();
}

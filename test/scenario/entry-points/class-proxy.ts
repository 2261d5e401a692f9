import { once } from "node:events";
import { createServer } from "node:net";
import { stringify } from "yaml";
import { ControlHalf } from "../../../src/cmd/control-half.ts";
import { DEFAULT_ENTRY_POINTS } from "../../../src/cmd/entry-point-flags.ts";
import type { Problem } from "../../../src/model/problem.ts";
import type { SupervisorEvent } from "../../../src/proxy/supervisor/events.ts";
import { Supervisor } from "../../../src/proxy/supervisor/supervisor.ts";
import { SUPERVISOR_TIMING, TERMINAL_DRAIN } from "../../../src/proxy/supervisor/timing.ts";
import type { EntryPoint, FairwayClassSpec } from "../../../src/schema/gen/fairway-class.ts";
import { silentLogger } from "../../../src/telemetry/log.ts";
import { QUICK, until } from "../channel/world.ts";
import { ManifestFolder, route, service, Upstream } from "../dev/manifests.ts";

const CLASS = `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: edge }
spec:
  controller: fairway.dev/ingress-controller
  parameters: { apiGroup: fairway.dev, kind: FairwayClass, name: edge }
`;

/** The host that the folder routes, on every entry point, to a server that says `blue`. */
export const HOST = "site.localhost";

/** A proxy of two workers and its operator on a folder, whose FairwayClass says where it listens. */
export class ClassProxy {
  readonly events: SupervisorEvent[] = [];
  readonly #folder = new ManifestFolder();
  readonly #cleanups: (() => unknown)[] = [() => this.#folder.delete()];
  #half: ControlHalf | null = null;
  #port = 0;

  /** Starts one; resolves when the entry points are open, or cannot be. */
  static async start(entryPoints: readonly EntryPoint[]): Promise<ClassProxy> {
    const proxy = new ClassProxy();
    await proxy.#start(entryPoints);
    return proxy;
  }

  /** Replaces the FairwayClass; `settled` says when it is live. */
  setClass(entryPoints: readonly EntryPoint[], rest: FairwayClassSpec = {}): void {
    const spec = { ...rest, entryPoints };
    const object = { apiVersion: "fairway.dev/v1alpha1", kind: "FairwayClass", metadata: { name: "edge" }, spec };
    this.#folder.write("fairway-class.yaml", stringify(object));
  }

  /** Deletes the FairwayClass. */
  deleteClass(): void {
    this.#folder.remove("fairway-class.yaml");
  }

  /** Ends the operator and starts one that knows nothing of what was before, at the same address. */
  async restartOperator(): Promise<void> {
    await this.#half?.stop();
    await this.#operator();
  }

  /** What is wrong with the folder now. */
  problems(): readonly Problem[] {
    return this.#half?.problems() ?? [];
  }

  /** Resolves when a generation after these events is live. */
  async settled(change: () => void): Promise<void> {
    const before = this.#count("live");
    change();
    await until("the change is live", () => this.#count("live") > before);
  }

  /** Ends everything. */
  async close(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
  }

  async #start(entryPoints: readonly EntryPoint[]): Promise<void> {
    const upstream = await Upstream.start("blue");
    this.#cleanups.push(() => upstream.close());
    this.#folder.write("class.yaml", CLASS);
    this.#folder.write("site.yaml", `${service("blue", upstream.port)}---\n${route(HOST, "blue")}`);
    this.setClass(entryPoints);
    await this.#operator();
    this.#cleanups.push(() => this.#half?.stop());
    const supervisor = new Supervisor({
      operatorUrl: `http://127.0.0.1:${this.#port}`,
      className: "edge",
      proxyId: "proxy-0",
      workers: 2,
      stateDirectory: null,
      stateKeyFile: null,
      admin: null,
      drain: TERMINAL_DRAIN,
      keepsDrain: true,
      log: silentLogger,
      onEvent: (event) => this.events.push(event),
      channelTiming: QUICK,
      timing: { ...SUPERVISOR_TIMING, reopenFirstMs: 100, reopenMostMs: 200 },
    });
    this.#cleanups.push(() => supervisor.stop());
    await supervisor.start();
    await until("it is live", () => this.#count("live") > 0);
  }

  async #operator(): Promise<void> {
    const half = new ControlHalf({
      directory: this.#folder.path,
      entryPoints: DEFAULT_ENTRY_POINTS,
      classes: { select: "every", publishAs: "edge" },
      onCompiled: () => {},
      onProblems: () => {},
      onFailed: (error) => {
        throw error;
      },
    });
    this.#half = half;
    this.#port = (await half.listen("127.0.0.1", this.#port)).port;
    await half.start();
  }

  #count(name: SupervisorEvent["event"]): number {
    return this.events.filter(({ event }) => event === name).length;
  }
}

/** Ports of this machine that nobody has now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  for (const server of servers) server.close();
  return ports;
}

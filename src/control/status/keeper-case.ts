import { FakeApi } from "../../../test/kubernetes/fake-api.ts";
import { ProcessClock, SimulatedTime } from "../../../test/kubernetes/simulated-time.ts";
import type { ResourceId } from "../../model/ids.ts";
import { resourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import { objectKey } from "../../model/object-ref.ts";
import type { ApiObject } from "../api/api.ts";
import { Compiler } from "../graph/compiler.ts";
import { Publisher } from "../publish/publisher.ts";
import { ObjectStore } from "../store/object-store.ts";
import { CONTROLLER_NAME } from "../translate/settings.ts";
import type { Objections } from "../validate/intake.ts";
import { storedForm } from "../validate/stored-form.ts";
import type { StatusClass } from "./class-views.ts";
import { StatusKeeper } from "./status-keeper.ts";
import { STATUS_KINDS } from "./status-kinds.ts";

/** The Service in front of the proxies of a case. */
export const PROXY_SERVICE: ObjectRef = { kind: "Service", namespace: "fairway-system", name: "fairway-proxy" };

const KINDS_READ = [...STATUS_KINDS.keys(), "Service", "EndpointSlice", "Secret", "IngressClass"];

export interface KeeperCaseOptions {
  readonly api?: FakeApi;
  readonly time?: SimulatedTime;
  readonly controllerName?: string;
  /** What `classes` says of each served class; the class `fairway` with defaults where it is absent. */
  readonly class?: Partial<StatusClass>;
  readonly isHolder?: boolean;
}

/** A keeper with a real compiler on an API server in memory, in simulated time: for tests. */
export class KeeperCase {
  readonly api: FakeApi;
  readonly time: SimulatedTime;
  readonly clock: ProcessClock;
  readonly keeper: StatusKeeper;
  readonly troubles: string[] = [];
  /** What schemas have against objects, by `objectKey`. */
  readonly objections = new Map<string, Objections>();
  readonly store = new ObjectStore();
  readonly #compiler: Compiler;
  readonly #publisher = new Publisher();
  readonly #versions = new Map<string, string>();
  #sequence = 0;

  constructor(options: KeeperCaseOptions = {}) {
    this.time = options.time ?? new SimulatedTime();
    this.clock = new ProcessClock(this.time);
    this.api = options.api ?? new FakeApi({ now: () => this.clock.now() });
    const controllerName = options.controllerName ?? CONTROLLER_NAME;
    this.#compiler = new Compiler({
      controllerName,
      classes: { select: "named", names: ["fairway"] },
      entryPoints: [web],
      allowCrossNamespace: false,
      allowExternalName: true,
      allowLoopback: false,
      operatorNamespace: PROXY_SERVICE.namespace,
    });
    const served: StatusClass = {
      origin: null,
      service: PROXY_SERVICE,
      publish: { service: null, addresses: ["192.0.2.1"] },
      ...options.class,
    };
    this.keeper = new StatusKeeper({
      api: this.api,
      clock: this.clock,
      controllerName,
      instance: "operator-1",
      store: this.store,
      compiler: this.#compiler,
      classes: () => new Map([["fairway", served]]),
      publish: { service: null, addresses: [] },
      objections: (ref) => this.objections.get(objectKey(ref)),
      uidOf: ({ kind, namespace, name }) => this.api.get(kind, namespace, name)?.metadata.uid,
      onTrouble: (what) => this.troubles.push(what),
    });
    this.keeper.setHolder(options.isHolder ?? true);
  }

  /** Puts objects on the API server, as a user would, and watches them. */
  put(...objects: readonly ApiObject[]): void {
    for (const object of objects) {
      const { kind = "", metadata } = object;
      const { status } = this.api.get(kind, metadata.namespace ?? "", metadata.name) ?? { status: undefined };
      this.api.put(status === undefined ? object : { status, ...object });
    }
    this.watch();
  }

  remove(kind: string, name: string, namespace = "shop"): void {
    this.api.remove(kind, namespace, name);
    this.store.remove({ kind, namespace, name });
  }

  /** Takes what is on the API server into the store, statuses aside, which the keeper is told of. */
  watch(): void {
    for (const kind of KINDS_READ) {
      for (const object of this.api.list(kind)) {
        const { status, ...rest } = object;
        const ref = { kind, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
        if (this.objections.get(objectKey(ref))?.isAccepted !== false) this.store.apply(storedForm(ref, rest as never));
        if (STATUS_KINDS.has(kind)) this.keeper.onStatusSeen(ref, status, object.metadata.resourceVersion);
      }
    }
  }

  /** Compiles what has changed, publishes it, and tells the keeper. */
  run(what: "all" | "changes" = "changes"): void {
    const changes = this.store.takeChanges();
    const isFirst = this.#sequence === 0 || what === "all";
    const result = this.#compiler.update(this.store, isFirst ? "all" : changes);
    const deltas = this.#publisher.publish(result.changes);
    for (const { class: className, to } of deltas) this.#versions.set(className, to);
    this.#sequence += 1;
    this.keeper.onRun({
      sequence: this.#sequence,
      changed: isFirst ? "all" : changes,
      touched: result.touched,
      problems: result.problems,
      problemsChanged: result.problemsChanged,
      changedRouters: [],
      versions: new Map(deltas.map((delta) => [delta.class, delta.to])),
      changedObjects: changes.length,
      durationMs: 0,
      compileMs: 0,
      publishMs: 0,
    });
  }

  /** A change, its run, and the answers of these proxies to it. */
  async change(objects: readonly ApiObject[], ...proxies: readonly string[]): Promise<void> {
    this.put(...objects);
    this.run();
    for (const proxy of proxies) this.answer(proxy);
    await this.pass(50);
  }

  /** The id of the first resource of a type that came from an object. */
  resource(type: string, kind: string, name: string, namespace = "shop"): string {
    const ids = [...(this.#compiler.graph("fairway")?.resources.keys() ?? [])];
    return ids.find((id) => id.startsWith(`${type}:${kind}/${namespace}/${name}/`)) ?? "";
  }

  /** The version that is published now. */
  get version(): string {
    return this.#versions.get("fairway") ?? "";
  }

  /** A proxy answers to a version, the newest without one; `refused` are the resources it cannot build, with its words. */
  answer(proxyId: string, refused: Readonly<Record<string, string>> = {}, version = this.version): void {
    const refusals = Object.entries(refused).map(([id, reason]) => ({ id: id as ResourceId, reason }));
    this.keeper.onAnswer({ proxyId, class: "fairway", version, refused: refusals, whole: null, resumed: false });
  }

  /** Lets time pass; the keeper hears of every write, as a watch would tell it. */
  async pass(ms: number): Promise<void> {
    await this.time.pass(ms, () => this.watch());
    this.watch();
  }

  status(kind: string, name: string, namespace = "shop") {
    return this.api.get(kind, namespace, name)?.status as Record<string, unknown> | undefined;
  }

  /** A condition as `status reason`; undefined when it is not there. */
  condition(kind: string, name: string, type: string): string | undefined {
    const { conditions = [] } = (this.status(kind, name) ?? {}) as { conditions?: readonly Record<string, string>[] };
    const found = conditions.find((condition) => condition.type === type);
    return found && `${found.status} ${found.reason}`;
  }

  /** Status writes so far, by object. */
  writes(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { method, path, body } of this.api.requests) {
      if (method !== "PATCH" || !path.endsWith("/status")) continue;
      const { kind, metadata } = body as ApiObject;
      const key = objectKey({ kind: kind ?? "", namespace: metadata.namespace ?? "", name: metadata.name });
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
  }
}

const web = {
  id: resourceId("entryPoint", { kind: "EntryPoint", namespace: "", name: "web" }),
  name: "web",
  host: "",
  port: 80,
  tls: false,
  trustedProxies: [],
};

/** An IngressRoute of class `fairway` with one rule. */
export function route(name: string, rule = `Host(\`${name}.example\`)`, more: Readonly<Record<string, unknown>> = {}): ApiObject {
  return {
    apiVersion: "fairway.dev/v1alpha1",
    kind: "IngressRoute",
    metadata: { name, namespace: "shop" },
    spec: { ingressClassName: "fairway", routes: [{ match: rule, services: [{ name: "web", port: 80 }], ...more }] },
  };
}

/** An Ingress of class `fairway`. */
export function ingress(name: string, service = "web", ingressClassName = "fairway"): ApiObject {
  const backend = { service: { name: service, port: { number: 80 } } };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, namespace: "shop" },
    spec: {
      ingressClassName,
      rules: [{ host: `${name}.example`, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
    },
  };
}

export function service(name = "web", namespace = "shop"): ApiObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { clusterIP: "10.0.0.1", ports: [{ port: 80, protocol: "TCP" }] },
  };
}

export function middleware(name: string, spec: Readonly<Record<string, unknown>>): ApiObject {
  return { apiVersion: "fairway.dev/v1alpha1", kind: "Middleware", metadata: { name, namespace: "shop" }, spec };
}

/** The proxies' Service and a slice that says which are ready. */
export function proxies(...ready: readonly string[]): readonly ApiObject[] {
  const { namespace, name } = PROXY_SERVICE;
  const endpoints = ready.map((pod, index) => ({
    addresses: [`10.244.0.${index + 1}`],
    conditions: { ready: true },
    nodeName: `node-${index}`,
    targetRef: { kind: "Pod", name: pod, namespace },
  }));
  return [
    service(name, namespace),
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: `${name}-1`, namespace, labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      ports: [{ name: "", port: 80, protocol: "TCP" }],
      endpoints,
    },
  ];
}

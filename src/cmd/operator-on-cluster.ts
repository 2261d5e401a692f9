import type { EntryPoint } from "../model/entry-point.ts";
import type { ObjectRef } from "../model/object-ref.ts";
import type { HostPort } from "./entry-point-flags.ts";
import type { EventFormat } from "./run-events.ts";

/** What `fairway operator` is told about its cluster. */
export interface ClusterOptions {
  /** Without it: the Pod's service account, else KUBECONFIG. */
  readonly kubeconfig?: string;
  /** Namespaces to watch; empty: all. */
  readonly namespace: readonly string[];
  readonly controllerName?: string;
  /** Classes to serve; empty: every IngressClass of our controller. */
  readonly class: readonly string[];
  readonly watchWithoutClass?: boolean;
  readonly allowCrossNamespace: boolean;
  readonly allowExternalName: boolean;
  readonly operatorNamespace?: string;
  readonly listen: HostPort;
  readonly advertise?: string;
  readonly admin: HostPort;
  readonly installCrds?: boolean;
  readonly publishService?: ObjectRef;
  readonly publishAddress: readonly string[];
  /** Seconds. */
  readonly leaseDuration?: number;
  readonly admission?: HostPort;
  readonly entrypoint: readonly EntryPoint[];
  readonly events: EventFormat;
}

/** The control plane on a cluster, until a signal ends it. */
export async function operatorOnCluster(options: ClusterOptions): Promise<void> {
  throw new Error(`the operator cannot watch a cluster yet (${options.operatorNamespace ?? "no namespace"})`);
}

import { hostname } from "node:os";
import { setFlagsFromString } from "node:v8";
import { ApiClient } from "../control/api/client.ts";
import { CONTROLLER_NAME, type CompileSettings } from "../control/translate/settings.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import type { ObjectRef } from "../model/object-ref.ts";
import { wrongUse } from "./cli.ts";
import { ClusterHalf } from "./cluster-half.ts";
import { CLUSTER_ENTRY_POINTS, DEFAULT_ENTRY_POINTS, type HostPort } from "./entry-point-flags.ts";
import { type EventFormat, eventPrinter, tellPublished } from "./run-events.ts";
import { runLogger } from "./run-options.ts";
import { stopSignal } from "./until-stopped.ts";

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
  /** Whether to keep the certificate of the webhook. */
  readonly admissionCertificate?: boolean;
  readonly entrypoint: readonly EntryPoint[];
  readonly events: EventFormat;
}

/** Namespace of the operator where neither a flag nor its Pod says. */
const OPERATOR_NAMESPACE = "fairway-system";

/** Seconds. */
const LEASE_DURATION = 15;

/** The control plane on a cluster, until a signal ends it. */
export async function operatorOnCluster(options: ClusterOptions): Promise<void> {
  const stop = stopSignal();
  const print = eventPrinter(options.events);
  const api = await openApi(options.kubeconfig);
  const half = new ClusterHalf({
    api,
    settings: settingsOf(options),
    installsDefinitions: options.installCrds ?? false,
    namespaces: options.namespace,
    instance: process.env.POD_NAME ?? hostname(),
    address: process.env.POD_IP ?? null,
    url: options.advertise ?? ownUrl(options.listen),
    leaseDurationMs: (options.leaseDuration ?? LEASE_DURATION) * 1_000,
    publish: { service: options.publishService ?? null, addresses: options.publishAddress },
    keepsWebhookCertificate: options.admissionCertificate ?? false,
    log: runLogger(options.events),
    onCompiled: (run) => tellPublished(run, run.durationMs, print),
    onRole: (role, holder) => print({ event: "role", role, holder }),
  });
  try {
    const { port } = await half.admin.listen(options.admin.host, options.admin.port);
    print({ event: "admin", host: options.admin.host, port });
    const starting = half.start(options.listen).then((address) => {
      print({ event: "serving", host: options.listen.host, port: address.port });
      collectInOneThread();
    });
    await Promise.race([starting, stop]);
    await stop;
  } finally {
    await half.stop();
    await api.close();
  }
}

/**
 * From here on one thread at a time collects young objects. Several are of use while it starts and most objects stay; what changes leave is
 * a millisecond of work now and then, and to wait for helpers that have no core of their own took up to eleven.
 */
function collectInOneThread(): void {
  setFlagsFromString("--no-parallel-scavenge");
  setFlagsFromString("--no-concurrent-array-buffer-sweeping");
}

async function openApi(kubeconfig: string | undefined): Promise<ApiClient> {
  // The frame of the operator reads the default kubeconfig as it is made, and stumbles over one that is broken.
  if (kubeconfig !== undefined) process.env.KUBECONFIG = kubeconfig;
  try {
    return await ApiClient.open({ kubeconfig });
  } catch (error) {
    wrongUse(`the cluster cannot be reached: ${(error as Error).message}`);
  }
}

function settingsOf(options: ClusterOptions): CompileSettings {
  const isDefault = options.entrypoint === DEFAULT_ENTRY_POINTS;
  return {
    controllerName: options.controllerName ?? CONTROLLER_NAME,
    classes: {
      select: "cluster",
      names: options.class.length === 0 ? null : options.class,
      watchWithoutClass: options.watchWithoutClass ?? false,
    },
    entryPoints: isDefault ? CLUSTER_ENTRY_POINTS : options.entrypoint,
    allowCrossNamespace: options.allowCrossNamespace,
    allowExternalName: options.allowExternalName,
    allowLoopback: false,
    operatorNamespace: options.operatorNamespace ?? process.env.POD_NAMESPACE ?? OPERATOR_NAMESPACE,
  };
}

/** Where this replica is reached, as far as it can know. */
function ownUrl({ host, port }: HostPort): string {
  const address = process.env.POD_IP ?? (host === "" ? "127.0.0.1" : host);
  return `https://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

import type { Duplex } from "node:stream";
import { CommanderError } from "commander";
import { ApiError, type ApiObject, type KubernetesApi } from "../control/api/api.ts";
import { ApiClient } from "../control/api/client.ts";
import { forwardToPod, type PodPort } from "../control/api/port-forward.ts";
import { wrongUse } from "./cli.ts";

/** Which cluster, and where in it. */
export interface ClusterChoice {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /** Namespace of the operator. */
  readonly namespace: string;
}

/** The name of the Lease and of the admin port of an operator, as they are shipped. */
const LEASE = "fairway-operator";
const ADMIN_PORT = "admin";

interface Lease extends ApiObject {
  readonly spec?: { readonly holderIdentity?: string };
}

interface Pod extends ApiObject {
  readonly spec?: {
    readonly containers?: readonly { readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[] }[];
  };
}

/** Connects to the admin port of the operator that serves a cluster, with the rights of who is in the kubeconfig. Ends the command when it cannot. */
export async function connectToOperator(choice: ClusterChoice): Promise<Duplex> {
  const client = await ApiClient.open(choice).catch((error: Error) => wrongUse(error.message));
  try {
    return await forwardToPod(client.kubeConfig, await servingPod(client, choice.namespace));
  } catch (error) {
    return wrongUse(said(error, choice.namespace));
  } finally {
    await client.close();
  }
}

/** The Lease names the replica that serves; its Pod says which port is for us. */
async function servingPod(api: KubernetesApi, namespace: string): Promise<PodPort> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases/${LEASE}`;
  const lease = await api.request<Lease>({ method: "GET", path });
  // A replica is called by its Pod and by what tells it from a former one of the same Pod.
  const [pod = ""] = (lease.spec?.holderIdentity ?? "").split("_");
  if (pod === "") return wrongUse(`no operator serves now: nobody holds the Lease ${namespace}/${LEASE}`);
  const found = await api.request<Pod>({
    method: "GET",
    path: `/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(pod)}`,
  });
  const ports = (found.spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  const port = ports.find(({ name }) => name === ADMIN_PORT)?.containerPort;
  return port === undefined ? wrongUse(`Pod ${namespace}/${pod} has no port called ${ADMIN_PORT}`) : { namespace, pod, port };
}

function said(error: unknown, namespace: string): string {
  if (error instanceof ApiError && error.status === 404) {
    return `there is no operator in the namespace ${namespace} (${error.message}): name another with --operator-namespace`;
  }
  if (error instanceof ApiError && error.status === 403) {
    return `you may not reach the operator, which takes get of leases and pods, and get and create of pods/portforward: ${error.message}`;
  }
  if (error instanceof CommanderError) throw error;
  return error instanceof Error ? error.message : String(error);
}

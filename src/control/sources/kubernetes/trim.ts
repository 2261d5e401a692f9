import type { ApiMetadata, ApiObject } from "../../api/api.ts";
import { SERVICE_NAME_LABEL } from "../../store/object-store.ts";
import type { KubernetesObject } from "../../validate/stored-form.ts";

/**
 * An object with only what is read of it, so that neither memory nor a comparison is spent on the rest: bookkeeping of the API server,
 * status, and of the kinds that there are most of everything that is no address, port or condition.
 */
export function trimmed(object: ApiObject, apiVersion: string, kind: string): KubernetesObject {
  const metadata = trimmedMetadata(object.metadata);
  if (kind === "EndpointSlice") {
    return { apiVersion, kind, metadata: withServiceLabel(metadata), ...trimmedSlice(object as unknown as Slice) };
  }
  if (kind === "Service") return { apiVersion, kind, metadata, spec: trimmedService((object as unknown as Service).spec) };
  const { apiVersion: _, kind: __, metadata: ___, status: ____, ...body } = object;
  return { apiVersion, kind, metadata, ...body };
}

function trimmedMetadata(metadata: ApiMetadata): KubernetesObject["metadata"] {
  const { name, namespace, generation, creationTimestamp, deletionTimestamp, labels, annotations } = metadata;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(generation === undefined ? {} : { generation }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

/** Of a slice's labels only the one that names its Service: the others are copies of the Service's. */
function withServiceLabel(metadata: KubernetesObject["metadata"]): KubernetesObject["metadata"] {
  const service = metadata.labels?.[SERVICE_NAME_LABEL];
  return { ...metadata, labels: service === undefined ? {} : { [SERVICE_NAME_LABEL]: service } };
}

/** Of discovery.k8s.io/v1. The server writes null for lists without items. */
interface Slice {
  readonly addressType?: string;
  readonly ports?: readonly unknown[] | null;
  readonly endpoints?:
    | readonly {
        readonly addresses?: readonly string[];
        readonly conditions?: unknown;
        readonly targetRef?: { readonly kind?: string; readonly name?: string };
      }[]
    | null;
}

function trimmedSlice({ addressType, ports, endpoints }: Slice): Readonly<Record<string, unknown>> {
  return {
    addressType,
    ports: ports ?? [],
    endpoints: (endpoints ?? []).map(({ addresses, conditions = {}, targetRef }) => ({
      addresses,
      conditions,
      // Which Pod it is: what tells whether a proxy serves.
      ...(targetRef?.name === undefined ? {} : { targetRef: { kind: targetRef.kind, name: targetRef.name } }),
    })),
  };
}

interface Service {
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** Selectors, node ports, traffic policies and the like change without meaning anything here. */
function trimmedService(spec: Service["spec"] = {}): Readonly<Record<string, unknown>> {
  const { type, clusterIP, clusterIPs, externalName, ports } = spec;
  const read = { type, clusterIP, clusterIPs, externalName, ports };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined && value !== null));
}

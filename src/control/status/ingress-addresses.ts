import { isIP } from "node:net";
import type { Clock } from "../../kernel/clock.ts";
import { compareText } from "../../kernel/compare-text.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import { ApiError, type ApiObject, type KubernetesApi } from "../api/api.ts";
import { SERVICE_NAME_LABEL } from "../store/object-store.ts";
import type { IngressAddress } from "./object-status.ts";

/** Most addresses in the status of an Ingress. */
export const ADDRESSES_MAX = 16;

/** Addresses are read again after this time, and while there are none after this shorter one. */
const READ_MS = 30_000;
const READ_WHILE_NONE_MS = 2_000;

/** Where the addresses of a class come from. */
export interface AddressOrigin {
  /** Published as they are, before anything else. */
  readonly addresses: readonly string[];
  /** The Service whose addresses are published. */
  readonly service: ObjectRef;
  /** Whether somebody named that Service for its addresses: then a cluster address of it counts too. */
  readonly isNamed: boolean;
  /** The Service in front of the proxies: the nodes they are ready on stand in for a Service that has no address of its own. */
  readonly proxies: ObjectRef;
}

interface ServiceObject extends ApiObject {
  readonly spec?: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly externalName?: string;
    readonly externalIPs?: readonly string[];
  };
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] };
  };
}

interface NodeObject extends ApiObject {
  readonly status?: { readonly addresses?: readonly { readonly type: string; readonly address: string }[] };
}

interface SliceList {
  readonly items: readonly {
    readonly endpoints?:
      | readonly { readonly nodeName?: string | null; readonly conditions?: { readonly ready?: boolean | null } }[]
      | null;
  }[];
}

export interface IngressAddressesOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  /** The classes and where their addresses come from, as they are now. */
  readonly origins: () => ReadonlyMap<string, AddressOrigin>;
  /** Called when a class has other addresses than before. */
  readonly onChanged: (className: string) => void;
  /** Called when addresses could not be read: the last ones stay. */
  readonly onFailed?: (className: string, error: unknown) => void;
}

/**
 * Which addresses the Ingresses of each class get: given ones, else those of a Service, else those of the nodes its proxies are on.
 *
 * Reads Services and Nodes every now and then rather than watching them: the rights it needs are `get` on those
 * Services and on nodes, and `list` on the proxies' EndpointSlices.
 * Addresses once found stay until there are others: an Ingress does not lose its address because something cannot be read.
 */
export class IngressAddresses {
  readonly #options: IngressAddressesOptions;
  readonly #found = new Map<string, readonly IngressAddress[]>();
  #cancel: () => void = () => {};
  #reading: Promise<void> | null = null;
  #isAskedAgain = false;
  #isRunning = false;

  constructor(options: IngressAddressesOptions) {
    this.#options = options;
  }

  /** Reads now, and again and again until `stop`. */
  start(): void {
    this.#isRunning = true;
    this.refresh();
  }

  stop(): void {
    this.#isRunning = false;
    this.#cancel();
  }

  /** The addresses of a class; empty while none are known. */
  of(className: string): readonly IngressAddress[] {
    return this.#found.get(className) ?? [];
  }

  /** Every list of addresses that is published now. */
  all(): Iterable<readonly IngressAddress[]> {
    return this.#found.values();
  }

  /** Reads again, since something may be different. */
  refresh(): void {
    if (!this.#isRunning) return;
    this.#isAskedAgain = true;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
  }

  async #read(): Promise<void> {
    this.#cancel();
    while (this.#isAskedAgain) {
      this.#isAskedAgain = false;
      for (const [className, origin] of this.#options.origins()) await this.#readClass(className, origin);
    }
    if (!this.#isRunning) return;
    const hasAll = [...this.#options.origins().keys()].every((className) => this.of(className).length > 0);
    this.#cancel = this.#options.clock.after(hasAll ? READ_MS : READ_WHILE_NONE_MS, () => this.refresh());
  }

  async #readClass(className: string, origin: AddressOrigin): Promise<void> {
    try {
      const addresses = await this.#addressesOf(origin);
      if (addresses.length === 0 || JSON.stringify(addresses) === JSON.stringify(this.of(className))) return;
      this.#found.set(className, addresses);
      this.#options.onChanged(className);
    } catch (error) {
      this.#options.onFailed?.(className, error);
    }
  }

  async #addressesOf({ addresses, service, isNamed, proxies }: AddressOrigin): Promise<readonly IngressAddress[]> {
    if (addresses.length > 0) return toAddresses(addresses);
    const path = `/api/v1/namespaces/${service.namespace}/services/${service.name}`;
    const object = await this.#get<ServiceObject>(path);
    const own = object === null ? NO_ADDRESS : serviceAddresses(object, isNamed);
    if (own.isEnough) return own.addresses;
    const nodes = await this.#nodesOf(proxies);
    const found = await Promise.all(nodes.map((name) => this.#get<NodeObject>(`/api/v1/nodes/${name}`)));
    return toAddresses(found.flatMap((node) => (node === null ? [] : nodeAddress(node))));
  }

  /** The nodes that ready endpoints of a Service are on. */
  async #nodesOf({ namespace, name }: ObjectRef): Promise<readonly string[]> {
    const { items } = await this.#options.api.request<SliceList>({
      method: "GET",
      path: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
      query: { labelSelector: `${SERVICE_NAME_LABEL}=${name}` },
    });
    const endpoints = items.flatMap(({ endpoints }) => endpoints ?? []);
    const ready = endpoints.filter(({ nodeName, conditions }) => (nodeName ?? "") !== "" && (conditions?.ready ?? true));
    return [...new Set(ready.map(({ nodeName }) => nodeName as string))].sort(compareText).slice(0, ADDRESSES_MAX);
  }

  async #get<T extends ApiObject>(path: string): Promise<T | null> {
    try {
      return await this.#options.api.request<T>({ method: "GET", path });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }
}

interface OwnAddresses {
  readonly addresses: readonly IngressAddress[];
  readonly isEnough: boolean;
}

const NO_ADDRESS: OwnAddresses = { addresses: [], isEnough: false };

/** Sorted, each once, told apart as IP addresses and host names. */
export function toAddresses(texts: readonly string[]): readonly IngressAddress[] {
  const distinct = [...new Set(texts)].sort(compareText).slice(0, ADDRESSES_MAX);
  return distinct.map((text) => (isIP(text) === 0 ? { hostname: text } : { ip: text }));
}

/**
 * What a Service publishes. `isEnough`: no other place is to be asked, even where there is no address yet, as with a load balancer that
 * has not been made: the nodes do not listen on the Service's ports.
 */
function serviceAddresses({ spec = {}, status }: ServiceObject, isNamed: boolean): OwnAddresses {
  const external = spec.externalIPs ?? [];
  const balanced = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip || hostname || []);
  if (spec.type === "LoadBalancer") return { addresses: toAddresses([...balanced, ...external]), isEnough: true };
  if (external.length > 0) return { addresses: toAddresses(external), isEnough: true };
  if (!isNamed || spec.type === "NodePort") return NO_ADDRESS;
  const own = spec.type === "ExternalName" ? spec.externalName : spec.clusterIP;
  return own === undefined || own === "" || own === "None" ? NO_ADDRESS : { addresses: toAddresses([own]), isEnough: true };
}

/** The address of a node for clients: its external one where it has one. */
function nodeAddress({ status }: NodeObject): readonly string[] {
  const addresses = status?.addresses ?? [];
  const external = addresses.filter(({ type }) => type === "ExternalIP");
  const chosen = external.length > 0 ? external : addresses.filter(({ type }) => type === "InternalIP");
  return chosen.map(({ address }) => address);
}

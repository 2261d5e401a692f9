import type { ResourceId } from "./ids.ts";
import type { ObjectRef } from "./object-ref.ts";

/** Who serves a router: servers behind a balancer, or a weighted choice of other services. */
export type Service = LoadBalancer | Weighted;

/** Sends requests to the servers of one endpoints resource, by round robin. */
export interface LoadBalancer {
  readonly type: "loadBalancer";
  readonly id: ResourceId<"service">;
  /** The Kubernetes Service. */
  readonly origin: ObjectRef;
  readonly endpoints: ResourceId<"endpoints">;
  /** How servers are spoken to. */
  readonly scheme: "http" | "https" | "h2c";
  /** Absent: as where nothing is said. */
  readonly transport?: ResourceId<"serversTransport">;
  /** Whether the client's Host is passed on; otherwise the server's address is the Host. */
  readonly passHostHeader: boolean;
  /** The Service's ClusterIP; null for headless and external ones. */
  readonly clusterIP: string | null;
  /** The Service's port there; absent without a ClusterIP. */
  readonly clusterPort?: number;
}

/** Chooses one of several services by weight. Weights are non-negative integers; a service with weight 0 gets nothing. */
export interface Weighted {
  readonly type: "weighted";
  readonly id: ResourceId<"service">;
  readonly origin: ObjectRef;
  readonly services: readonly { readonly service: ResourceId<"service">; readonly weight: number }[];
}

/** The servers of one Service port. A resource of its own, so that an endpoint change touches no router and no service. */
export interface Endpoints {
  readonly id: ResourceId<"endpoints">;
  readonly origin: ObjectRef;
  /** Sorted by address and port, without duplicates. Only servers that should get traffic. */
  readonly servers: readonly Server[];
}

export interface Server {
  /** IP address without brackets, or a DNS name for an ExternalName Service. */
  readonly address: string;
  readonly port: number;
}

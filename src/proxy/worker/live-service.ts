import type { ServersTransport } from "../../model/servers-transport.ts";
import type { Endpoints, LoadBalancer, Weighted } from "../../model/service.ts";

/** What a live service is to be: its resource with what it refers to filled in. `S` is the upstream side's own type. */
export type ServicePlan<S> = LoadBalancerPlan | WeightedPlan<S>;

export interface LoadBalancerPlan {
  readonly type: "loadBalancer";
  readonly service: LoadBalancer;
  readonly endpoints: Endpoints;
  /** How its servers are spoken to, where that is said, and what tells its versions apart. */
  readonly transport?: { readonly fingerprint: string; readonly value: ServersTransport };
  /** Its servers may be others' by now (see `isolatedEndpoints`); it has none then. */
  readonly isCutOff?: boolean;
}

export interface WeightedPlan<S> {
  readonly type: "weighted";
  readonly service: Weighted;
  readonly members: readonly WeightedMember<S>[];
}

export interface WeightedMember<S> {
  /** Null when the member cannot be built: its share of requests is answered 503, never given to the others. */
  readonly service: S | null;
  readonly weight: number;
}

/**
 * Makes and ends live services. The World decides when, by identity: a service lives as long as its resource's id and type do,
 * whatever its configuration and endpoints become, so that it keeps its balancer's position and its servers' pools.
 */
export interface ServiceFactory<S> {
  create(plan: ServicePlan<S>): S;
  /** Makes a service fit its new plan, which has the type it was created with. Called only when something in it changed. */
  update(service: S, plan: ServicePlan<S>): void;
  /** Its resource is gone. Exchanges that hold it go on; nothing new comes. Called once. */
  close(service: S): void;
}

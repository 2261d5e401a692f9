import type { ResourceId } from "./ids.ts";
import type { Problem } from "./problem.ts";
import type { Resource } from "./resource.ts";

/** Everything compiled for one ingress class. Pure data, no Kubernetes type in it. */
export interface RoutingGraph {
  readonly class: string;
  readonly resources: ReadonlyMap<ResourceId, Resource>;
  readonly problems: readonly Problem[];
}

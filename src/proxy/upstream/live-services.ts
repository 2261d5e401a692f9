import { assert } from "../../kernel/assert.ts";
import type { ServiceFactory, ServicePlan } from "../worker/live-service.ts";
import { LiveLoadBalancer, type LiveService } from "./live-load-balancer.ts";
import { LiveWeighted } from "./live-weighted.ts";
import type { Names } from "./names.ts";
import type { ServerPools } from "./server-pools.ts";

/** Makes live services on the pools of one worker. */
export class LiveServices implements ServiceFactory<LiveService> {
  readonly #pools: ServerPools;
  readonly #names: Names;

  constructor(pools: ServerPools, names: Names) {
    this.#pools = pools;
    this.#names = names;
  }

  create(plan: ServicePlan<LiveService>): LiveService {
    if (plan.type === "weighted") return new LiveWeighted(plan.members);
    return new LiveLoadBalancer(plan, this.#pools, this.#names);
  }

  update(service: LiveService, plan: ServicePlan<LiveService>): void {
    if (plan.type === "weighted") {
      assert(service instanceof LiveWeighted, "a service keeps its type");
      service.update(plan.members);
    } else {
      assert(service instanceof LiveLoadBalancer, "a service keeps its type");
      service.update(plan);
    }
  }

  close(service: LiveService): void {
    if (service instanceof LiveLoadBalancer) service.close();
  }
}

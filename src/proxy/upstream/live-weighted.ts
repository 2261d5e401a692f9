import type { WeightedMember } from "../worker/live-service.ts";
import type { LiveLoadBalancer, LiveService } from "./live-load-balancer.ts";

/**
 * Shares requests among services by weight, smoothly: with weights 3 and 1 every fourth request goes to the second, rather than
 * one in a burst (the method of nginx). A weight of 0 gets nothing.
 */
export class LiveWeighted implements LiveService {
  #members: readonly WeightedMember<LiveService>[] = [];
  #current: number[] = [];
  #total = 0;

  constructor(members: readonly WeightedMember<LiveService>[]) {
    this.update(members);
  }

  /** Who the next request goes to; null when that is a member that cannot be built, or there is none. Allocates: nothing. */
  leaf(): LiveLoadBalancer | null {
    const current = this.#current;
    let best = -1;
    for (let i = 0; i < current.length; i++) {
      const { weight } = this.#members[i] as WeightedMember<LiveService>;
      if (weight === 0) continue;
      current[i] = (current[i] as number) + weight;
      if (best < 0 || (current[i] as number) > (current[best] as number)) best = i;
    }
    if (best < 0) return null;
    current[best] = (current[best] as number) - this.#total;
    return this.#members[best]?.service?.leaf() ?? null;
  }

  /** Keeps its place in the turn when the weights are what they were. */
  update(members: readonly WeightedMember<LiveService>[]): void {
    const sameWeights =
      members.length === this.#members.length && members.every(({ weight }, i) => weight === this.#members[i]?.weight);
    this.#members = members;
    if (sameWeights) return;
    this.#current = members.map(() => 0);
    this.#total = members.reduce((sum, { weight }) => sum + weight, 0);
  }
}

import type { ResourceId } from "../../model/ids.ts";
import type { Endpoints, LoadBalancer, Service, Weighted } from "../../model/service.ts";
import { decodeEntry } from "./decode-entry.ts";
import type { ServiceFactory, ServicePlan, WeightedMember } from "./live-service.ts";
import type { SegmentEntry, SegmentReader } from "./segment-reader.ts";

/** How deep weighted services may stand in one another. Deeper ones, and circles, have no service. */
export const SERVICE_NESTING_MAX = 8;

interface ServiceSlot<S> {
  readonly type: Service["type"];
  readonly live: S;
  /** Fingerprint of the service's own bytes. */
  fingerprint: string;
  /** What it was made of besides: the fingerprint of its endpoints ("" for none), or its members. */
  parts: readonly (string | S | null)[];
  checkedEpoch: number;
}

/** The live services of a worker. One lives as long as its id and its type do; its plan is renewed at its first use in an epoch. */
export class LiveServices<S> {
  readonly #factory: ServiceFactory<S>;
  readonly #resources: SegmentReader<never>;
  readonly #slots = new Map<string, ServiceSlot<S>>();

  constructor(factory: ServiceFactory<S>, resources: SegmentReader<never>) {
    this.#factory = factory;
    this.#resources = resources;
  }

  get size(): number {
    return this.#slots.size;
  }

  /** The live service of an id as it is to be in this epoch; null when there is none. */
  current(id: ResourceId<"service">, epoch: number): S | null {
    return this.#current(id, epoch, 0);
  }

  /** Ends services whose resource is gone, one step for each service looked at. */
  *sweep(): Generator<void> {
    for (const [id, slot] of this.#slots) {
      if (this.#resources.find(id) === null) {
        this.#slots.delete(id);
        this.#factory.close(slot.live);
      }
      yield;
    }
  }

  #current(id: ResourceId<"service">, epoch: number, depth: number): S | null {
    const slot = this.#slots.get(id);
    if (slot?.checkedEpoch === epoch) return slot.live;
    const entry = depth > SERVICE_NESTING_MAX ? null : this.#resources.find(id);
    if (entry === null) return null;
    const service = decodeEntry<Service>(entry);
    const endpoints = service.type === "loadBalancer" ? this.#resources.find(service.endpoints) : null;
    const members = service.type === "weighted" ? this.#members(service, epoch, depth) : [];
    const parts = service.type === "weighted" ? members.map((member) => member.service) : [endpoints?.fingerprint ?? ""];
    if (slot?.type === service.type && slot.fingerprint === entry.fingerprint && isSame(slot.parts, parts)) {
      slot.checkedEpoch = epoch;
      return slot.live;
    }
    const plan = service.type === "weighted" ? { type: service.type, service, members } : planOf(service, endpoints);
    return this.#fit(id, slot, plan, { fingerprint: entry.fingerprint, parts, checkedEpoch: epoch });
  }

  #members(service: Weighted, epoch: number, depth: number): WeightedMember<S>[] {
    return service.services.map(({ service, weight }) => ({ service: this.#current(service, epoch, depth + 1), weight }));
  }

  #fit(
    id: string,
    slot: ServiceSlot<S> | undefined,
    plan: ServicePlan<S>,
    made: Pick<ServiceSlot<S>, "fingerprint" | "parts" | "checkedEpoch">,
  ): S {
    if (slot?.type === plan.type) {
      this.#factory.update(slot.live, plan);
      Object.assign(slot, made);
      return slot.live;
    }
    if (slot !== undefined) this.#factory.close(slot.live);
    const live = this.#factory.create(plan);
    this.#slots.set(id, { type: plan.type, live, ...made });
    return live;
  }
}

/** A service whose endpoints are not there has no servers. */
function planOf(service: LoadBalancer, entry: SegmentEntry<unknown> | null): ServicePlan<never> {
  const none: Endpoints = { id: service.endpoints, origin: service.origin, servers: [] };
  return { type: "loadBalancer", service, endpoints: entry === null ? none : decodeEntry<Endpoints>(entry) };
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}

import type { ResourceId } from "../../model/ids.ts";
import type { ServersTransport } from "../../model/servers-transport.ts";
import type { Endpoints, LoadBalancer, Service, Weighted } from "../../model/service.ts";
import { hashKey, shardOf } from "../build/segment-format.ts";
import { decodeEntry } from "./decode-entry.ts";
import { isolatedEndpoints } from "./isolated-endpoints.ts";
import type { ServiceFactory, ServicePlan, WeightedMember } from "./live-service.ts";
import type { SegmentEntry, SegmentReader } from "./segment-reader.ts";

/** How deep weighted services may stand in one another. A member that is deeper, or leads back to where it came from, has no service. */
export const SERVICE_NESTING_MAX = 8;

interface ServiceSlot<S> {
  readonly live: S;
  readonly service: Service;
  /** Shards of all it was made of; null where that is more than its own bytes and its endpoints. */
  readonly shards: readonly number[] | null;
  /** Of the service's own bytes. */
  readonly fingerprint: string;
  /** What else it was made of: the fingerprint of its endpoints ("" for none) and whether it was isolated, or its members. */
  readonly parts: readonly (string | S | null)[];
  checkedEpoch: number;
}

const NO_MEMBERS: readonly never[] = [];

/** The live services of a worker. One lives as long as its id and its type do; its plan is renewed at its first use in an epoch. */
export class LiveServices<S> {
  readonly #factory: ServiceFactory<S>;
  readonly #resources: SegmentReader<never>;
  readonly #slots = new Map<string, ServiceSlot<S>>();
  /** The weighted services whose members are being looked at, outermost first. */
  readonly #open: string[] = [];
  /** Whether ClusterIPs take the place of endpoints. Changes with an epoch only. */
  #isIsolated = false;

  constructor(factory: ServiceFactory<S>, resources: SegmentReader<never>) {
    this.#factory = factory;
    this.#resources = resources;
  }

  get size(): number {
    return this.#slots.size;
  }

  /** From the epoch that begins on: whether no operator has been heard for long. True when that is new. */
  isolate(isIsolated: boolean): boolean {
    const isNew = this.#isIsolated !== isIsolated;
    this.#isIsolated = isIsolated;
    return isNew;
  }

  /** The live service of an id as it is to be in this epoch; null when there is none. */
  current(id: ResourceId<"service">, epoch: number): S | null {
    const slot = this.#slots.get(id);
    if (slot !== undefined && (slot.checkedEpoch === epoch || this.#isUntouched(slot))) {
      slot.checkedEpoch = epoch;
      return slot.live;
    }
    const entry = this.#resources.find(id);
    if (entry === null) return null;
    const { fingerprint } = entry;
    const service = slot?.fingerprint === fingerprint ? slot.service : decodeEntry<Service>(entry);
    const endpoints = service.type === "loadBalancer" ? this.#resources.find(service.endpoints) : null;
    const transport =
      service.type === "loadBalancer" && service.transport !== undefined ? this.#resources.find(service.transport) : undefined;
    // What it was made of before may be weaker than what is asked for now.
    if (transport === null) return null;
    const members = service.type === "weighted" ? this.#members(service, epoch) : NO_MEMBERS;
    const parts =
      service.type === "weighted"
        ? members.map((member) => member.service)
        : [endpoints?.fingerprint ?? "", this.#isIsolated ? "isolated" : "", transport?.fingerprint ?? ""];
    if (slot?.fingerprint === fingerprint && isSame(slot.parts, parts)) {
      slot.checkedEpoch = epoch;
      return slot.live;
    }
    const plan =
      service.type === "weighted"
        ? { type: service.type, service, members }
        : planOf(service, endpoints, transport, this.#isIsolated);
    const live = this.#fit(slot, plan);
    this.#slots.set(id, { live, service, shards: shardsOf(service), fingerprint, parts, checkedEpoch: epoch });
    return live;
  }

  /** Whether nothing in the shards a service was made of has changed since it was last looked at. */
  #isUntouched({ shards, checkedEpoch }: ServiceSlot<S>): boolean {
    return shards?.every((shard) => this.#resources.isAsIn(checkedEpoch, shard)) === true;
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

  #members({ id, services }: Weighted, epoch: number): WeightedMember<S>[] {
    this.#open.push(id);
    const members = services.map(({ service, weight }) => {
      const isReachable = this.#open.length <= SERVICE_NESTING_MAX && !this.#open.includes(service);
      return { service: isReachable ? this.current(service, epoch) : null, weight };
    });
    this.#open.pop();
    return members;
  }

  #fit(slot: ServiceSlot<S> | undefined, plan: ServicePlan<S>): S {
    if (slot?.service.type === plan.type) {
      this.#factory.update(slot.live, plan);
      return slot.live;
    }
    if (slot !== undefined) this.#factory.close(slot.live);
    return this.#factory.create(plan);
  }
}

function shardsOf(service: Service): readonly number[] | null {
  if (service.type !== "loadBalancer") return null;
  const { id, endpoints, transport } = service;
  return [id, endpoints, ...(transport === undefined ? [] : [transport])].map((part) => shardOf(hashKey(part)));
}

/** A service whose endpoints are not there has no servers. */
function planOf(
  service: LoadBalancer,
  entry: SegmentEntry<unknown> | null,
  transportEntry: SegmentEntry<unknown> | undefined,
  isIsolated: boolean,
): ServicePlan<never> {
  const none: Endpoints = { id: service.endpoints, origin: service.origin, servers: [] };
  const endpoints = entry === null ? none : decodeEntry<Endpoints>(entry);
  const safe = isIsolated ? isolatedEndpoints(service, endpoints) : endpoints;
  const transport = transportEntry && {
    fingerprint: transportEntry.fingerprint,
    value: decodeEntry<ServersTransport>(transportEntry),
  };
  return {
    type: "loadBalancer",
    service,
    endpoints: safe ?? none,
    isCutOff: safe === null,
    ...(transport === undefined ? {} : { transport }),
  };
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}

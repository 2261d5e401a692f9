import type { Clock } from "../../kernel/clock.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Resource } from "../../model/resource.ts";
import type { KubernetesApi } from "../api/api.ts";
import type { ObjectView } from "../store/object-view.ts";
import { ClassFleets } from "./class-fleets.ts";
import type { ClassView } from "./desired-status.ts";
import { type AddressOrigin, IngressAddresses } from "./ingress-addresses.ts";
import { servingProxies } from "./serving-proxies.ts";

/** What is to be known of a class: the part of `ClassSettings` that speaks of status. */
export interface StatusClass {
  /** The FairwayClass it is configured by; null: none. */
  readonly origin: ObjectRef | null;
  /** The Service in front of its proxies. */
  readonly service: ObjectRef;
  readonly publish: Publishing;
}

/** Which addresses Ingresses get: given ones, else those of a Service; with neither, those of the proxies' Service, or of their nodes. */
export interface Publishing {
  readonly service: ObjectRef | null;
  readonly addresses: readonly string[];
}

export interface ClassViewsOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly store: Pick<ObjectView, "get" | "endpointSlices">;
  /** The classes served now. */
  readonly classes: () => ReadonlyMap<string, StatusClass>;
  /** What is published for classes that do not say. */
  readonly publish: Publishing;
  readonly resources: (className: string) => ReadonlyMap<ResourceId, Resource> | undefined;
  /** Called when a class has other addresses than before. */
  readonly onAddresses: (className: string) => void;
  readonly onFailed: (className: string, error: unknown) => void;
}

/** What statuses need to know of each class: its proxies, which of them serve, its addresses, its graph. */
export class ClassViews {
  readonly fleets = new ClassFleets();
  readonly addresses: IngressAddresses;
  readonly #options: ClassViewsOptions;
  /** What the addresses that were last read came from, as text. */
  #readFrom = "";

  constructor(options: ClassViewsOptions) {
    this.#options = options;
    const { api, clock, onAddresses, onFailed } = options;
    this.addresses = new IngressAddresses({
      api,
      clock,
      origins: () => this.#addressOrigins(),
      onChanged: onAddresses,
      onFailed,
    });
  }

  of(className: string): ClassView {
    return {
      fleet: this.fleets.of(className),
      resources: this.#options.resources(className) ?? NO_RESOURCES,
      addresses: this.addresses.of(className),
    };
  }

  /** Looks anew which proxies serve; the classes there are. */
  refresh(): readonly string[] {
    const classes = this.#options.classes();
    this.fleets.keep(new Set(classes.keys()));
    const serving = [...classes].map(([className, { service }]) => {
      const pods = servingProxies(service, this.#options.store);
      this.fleets.of(className).setServing(pods);
      return [...(pods ?? [])].sort();
    });
    const readFrom = JSON.stringify([...this.#addressOrigins(), ...serving]);
    if (readFrom !== this.#readFrom) this.addresses.refresh();
    this.#readFrom = readFrom;
    return [...classes.keys()];
  }

  /** The FairwayClass of a class; null when it has none. */
  originOf(className: string): ObjectRef | null {
    return this.#options.classes().get(className)?.origin ?? null;
  }

  /** The classes that a FairwayClass configures. */
  configuredBy(fairwayClass: ObjectRef): readonly string[] {
    const classes = [...this.#options.classes()];
    return classes.filter(([, { origin }]) => origin?.name === fairwayClass.name).map(([className]) => className);
  }

  #addressOrigins(): ReadonlyMap<string, AddressOrigin> {
    const origins = new Map<string, AddressOrigin>();
    for (const [className, { service, publish }] of this.#options.classes()) {
      const saysIt = publish.service !== null || publish.addresses.length > 0;
      const { addresses, service: named } = saysIt ? publish : this.#options.publish;
      origins.set(className, { addresses, service: named ?? service, isNamed: named !== null, proxies: service });
    }
    return origins;
  }
}

const NO_RESOURCES: ClassView["resources"] = new Map();

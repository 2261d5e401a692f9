import { isIP } from "node:net";
import { FAILURES, type Failure } from "../../model/failure.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import { serverAuthority } from "../../model/server-authority.ts";
import type { LoadBalancerPlan } from "../worker/live-service.ts";
import type { Names } from "./names.ts";
import type { ServerPools } from "./server-pools.ts";
import type { Pool } from "./upstream-connection.ts";

/** A service as exchanges use it. */
export interface LiveService {
  /** The load balancer that the next request goes to; null when its share belongs to a service that cannot be built. */
  leaf(): LiveLoadBalancer | null;
}

/** One address that serves. */
export interface LiveServer {
  readonly pool: Pool;
  /** Host of requests to it when the client's is not passed on. */
  readonly authority: string;
}

/** Sends requests to servers in turn. Lives as long as its service's identity; its servers' pools live as long as the servers. */
export class LiveLoadBalancer implements LiveService {
  readonly #pools: ServerPools;
  readonly #names: Names;
  readonly #unsubscribe: () => void;
  #plan: LoadBalancerPlan;
  #servers: readonly LiveServer[] = [];
  #cursor = 0;

  constructor(plan: LoadBalancerPlan, pools: ServerPools, names: Names) {
    this.#plan = plan;
    this.#pools = pools;
    this.#names = names;
    this.#unsubscribe = names.subscribe(() => {
      if (this.#plan.endpoints.servers.some(({ address }) => isIP(address) === 0)) this.#rebuild();
    });
    this.#rebuild();
  }

  leaf(): LiveLoadBalancer {
    return this;
  }

  get id(): ResourceId<"service"> {
    return this.#plan.service.id;
  }

  /** The object it is made of. */
  get origin(): ObjectRef {
    return this.#plan.service.origin;
  }

  get passHostHeader(): boolean {
    return this.#plan.service.passHostHeader;
  }

  get servers(): readonly LiveServer[] {
    return this.#servers;
  }

  /** Who serves the next request; a Failure when nobody can. Allocates: nothing. */
  next(): LiveServer | Failure {
    const servers = this.#servers;
    if (servers.length === 0) return this.#noServer();
    if (this.#cursor >= servers.length) this.#cursor = 0;
    return servers[this.#cursor++] as LiveServer;
  }

  /** Who to try when `failed` could not be reached: the one after it, so that tries meet every server once. */
  after(failed: LiveServer): LiveServer | Failure {
    const at = this.#indexOf(failed);
    if (at < 0) return this.next();
    return this.#servers[(at + 1) % this.#servers.length] as LiveServer;
  }

  /** Whether it is still one of the servers. */
  has(server: LiveServer): boolean {
    return this.#indexOf(server) >= 0;
  }

  /** By identity: each change of endpoints makes the list anew. */
  #indexOf({ pool }: LiveServer): number {
    return this.#servers.findIndex((server) => server.pool === pool);
  }

  #noServer(): Failure {
    if (this.#plan.isCutOff === true) return FAILURES.Isolated;
    return this.#plan.endpoints.servers.length === 0 ? FAILURES.NoServer : FAILURES.NameNotResolved;
  }

  update(plan: LoadBalancerPlan): void {
    this.#plan = plan;
    this.#rebuild();
  }

  close(): void {
    this.#unsubscribe();
    for (const { pool } of this.#servers) this.#pools.drop(pool);
    this.#servers = [];
    this.#plan = { ...this.#plan, endpoints: { ...this.#plan.endpoints, servers: [] } };
  }

  /** New pools are held before old ones are dropped, so that a server that stays keeps its connections. */
  #rebuild(): void {
    const former = this.#servers;
    const { transport, service } = this.#plan;
    const servers: LiveServer[] = [];
    for (const { address, port } of this.#plan.endpoints.servers) {
      const addresses = isIP(address) === 0 ? this.#names.addressesOf(address) : [address];
      for (const ip of addresses)
        servers.push({
          pool: this.#pools.hold({ address: ip, port, scheme: service.scheme, transport, name: address }),
          authority: serverAuthority({ address, port }),
        });
    }
    this.#servers = servers;
    for (const { pool } of former) this.#pools.drop(pool);
  }
}

import type { AnyMiddlewareModule, Hooks } from "../../extensions/middlewares/contract.ts";
import { assert } from "../../kernel/assert.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { Middleware } from "../../model/middleware.ts";
import type { Router } from "../../model/router.ts";
import { compileRule } from "../../rules/compile.ts";
import { ruleKeys } from "../../rules/keys.ts";
import type { MatcherTable } from "../../rules/matcher.ts";
import { hashKey, shardOf } from "../build/segment-format.ts";
import { layerUnder, type Member } from "../route/index-keys.ts";
import { type Candidate, type Layer, makeLayer } from "../route/route-table.ts";
import { decodeEntry } from "./decode-entry.ts";
import { EVERY_BIT } from "./entry-point-bits.ts";
import type { LiveRouter } from "./live-router.ts";
import type { ServiceFactory } from "./live-service.ts";
import { LiveServices } from "./live-services.ts";
import type { SegmentReader } from "./segment-reader.ts";

/** What a world is made of besides its segments. */
export interface WorldParts<S> {
  readonly matchers: MatcherTable;
  readonly middlewares: ReadonlyMap<string, AnyMiddlewareModule>;
  readonly services: ServiceFactory<S>;
  /** Called once for each resource, in each of its versions, that cannot be made live although the build thread could. */
  readonly onUnbuildable: (id: ResourceId, reason: string) => void;
}

/** A router's place in memory: its matching half follows its own bytes, its serving half also what it refers to. */
export interface RouterSlot<S> extends Candidate {
  mask: number;
  /** The routers that hang under it. */
  readonly layer: Layer | null;
  readonly fingerprint: string;
  live: LiveRouter<S> | null;
  /** Epoch in which `live` was last found true. */
  checkedEpoch: number;
}

interface MiddlewareSlot {
  /** Of its id. */
  readonly shard: number;
  readonly fingerprint: string;
  /** Null when it cannot be made. */
  readonly hooks: Hooks | null;
  checkedEpoch: number;
}

/**
 * The live objects of a worker. Each is made when it is first needed, and looked at again at its first use in a new epoch: only what
 * changed is made anew. There is never more than one for each resource.
 */
export class LiveGraph<S> {
  readonly #parts: WorldParts<S>;
  readonly #resources: SegmentReader<never>;
  readonly #routers = new Map<string, RouterSlot<S>>();
  readonly #middlewares = new Map<string, MiddlewareSlot>();
  readonly #services: LiveServices<S>;
  /** The generation of the resources. */
  #epoch = 0;
  #sweepIsDue = false;
  #sweep: Iterator<void> | null = null;

  constructor(parts: WorldParts<S>, resources: SegmentReader<never>) {
    this.#parts = parts;
    this.#resources = resources;
    this.#services = new LiveServices(parts.services, resources);
  }

  /** How many live objects there are. */
  get size(): number {
    return this.#routers.size + this.#middlewares.size + this.#services.size;
  }

  /**
   * The resources are other ones now, or ClusterIPs take the place of endpoints (`isIsolated`) or no longer do: everything is to be
   * looked at again when it is next used.
   */
  beginEpoch(isIsolated: boolean): void {
    if (this.#services.isolate(isIsolated)) this.#resources.outdate();
    this.#epoch = this.#resources.generation;
    this.#sweepIsDue = true;
  }

  /** The router a bucket names. `bitOf` gives an entry point's bit by name, 0 for an unknown one. */
  router({ id, fingerprint }: Member, bitOf: (entryPoint: string) => number): RouterSlot<S> {
    let slot = this.#routers.get(id);
    if (slot === undefined || slot.fingerprint !== fingerprint) {
      slot = this.#makeRouter(id, fingerprint);
      this.#routers.set(id, slot);
    }
    slot.mask = maskOf(slot.data, bitOf);
    return slot;
  }

  /** What serves a router's requests now. Allocates: nothing but at the first use in an epoch. */
  current(slot: RouterSlot<S>): LiveRouter<S> {
    if (slot.live !== null && (slot.checkedEpoch === this.#epoch || this.#isTrue(slot.live))) {
      slot.checkedEpoch = this.#epoch;
      return slot.live;
    }
    const live = this.#makeLive(slot);
    if (slot.live === null || !isSame(slot.live, live)) slot.live = live;
    slot.checkedEpoch = this.#epoch;
    return slot.live;
  }

  /**
   * Whether a router that was taken earlier is still there as it was: it, and its middlewares, have the same bytes. What it sends to may
   * have changed.
   */
  isCurrent({ data, middlewares, isTombstone }: LiveRouter<S>): boolean {
    const entry = this.#resources.find(data.id);
    const slot = this.#routers.get(data.id);
    if (entry === null || slot?.data !== data || slot.fingerprint !== entry.fingerprint) return false;
    return isTombstone || data.middlewares.every((id, index) => this.#middleware(id) === middlewares[index]);
  }

  /** Brings a live service up to date. One whose resource is gone stays as it is until it is swept. */
  renewService(id: ResourceId<"service">): void {
    this.#services.current(id, this.#epoch);
  }

  /** Whether a router serves with what it would be made of now. Most have not changed: this must cost next to nothing. */
  #isTrue({ data, middlewares, service, isTombstone }: LiveRouter<S>): boolean {
    if (isTombstone) return data.tombstone !== null;
    for (let i = 0; i < middlewares.length; i++) {
      if (this.#middleware(data.middlewares[i] as ResourceId<"middleware">) !== middlewares[i]) return false;
    }
    return data.service === null || this.#services.current(data.service, this.#epoch) === service;
  }

  /** Looks at `max` live objects at most and ends those whose resource is gone. Returns how many it looked at: 0 when all is clean. */
  sweep(max: number): number {
    for (let looked = 0; looked < max; looked++) {
      if (this.#sweep === null) {
        if (!this.#sweepIsDue) return looked;
        this.#sweepIsDue = false;
        this.#sweep = this.#sweepAll();
      }
      if (this.#sweep.next().done === true) this.#sweep = null;
    }
    return max;
  }

  *#sweepAll(): Generator<void> {
    for (const map of [this.#routers, this.#middlewares]) {
      for (const id of map.keys()) {
        if (this.#resources.find(id) === null) map.delete(id);
        yield;
      }
    }
    yield* this.#services.sweep();
  }

  #makeRouter(id: string, fingerprint: string): RouterSlot<S> {
    const entry = this.#resources.find(id);
    assert(entry !== null && entry.fingerprint === fingerprint, "the index names resources of its own generation");
    const data = decodeEntry<Router>(entry);
    const { residual } = ruleKeys(data.rule, this.#parts.matchers);
    const matches = residual === null ? null : compileRule(residual, this.#parts.matchers);
    const layer = data.isParent === true ? makeLayer(layerUnder(data.origin)) : null;
    return { data, mask: 0, matches, layer, fingerprint, live: null, checkedEpoch: 0 };
  }

  /** A router that lacks anything is a tombstone: it keeps its traffic and answers 503. */
  #makeLive({ data, matches, layer }: RouterSlot<S>): LiveRouter<S> {
    const tombstone: LiveRouter<S> = { data, matches, middlewares: [], service: null, layer: null, isTombstone: true };
    if (data.tombstone !== null) return tombstone;
    const middlewares: Hooks[] = [];
    for (const id of data.middlewares) {
      const hooks = this.#middleware(id);
      if (hooks === null) return tombstone;
      middlewares.push(hooks);
    }
    const service = data.service === null ? null : this.#services.current(data.service, this.#epoch);
    const lacksService = service === null && (data.service !== null || layer === null);
    return lacksService ? tombstone : { data, matches, middlewares, service, layer, isTombstone: false };
  }

  /** An instance lives as long as its own bytes are the same, whatever becomes of the routers that use it. */
  #middleware(id: ResourceId<"middleware">): Hooks | null {
    const slot = this.#middlewares.get(id);
    if (slot !== undefined && this.#resources.isAsIn(slot.checkedEpoch, slot.shard)) {
      slot.checkedEpoch = this.#epoch;
      return slot.hooks;
    }
    const entry = this.#resources.find(id);
    if (entry === null) return null;
    if (slot?.fingerprint === entry.fingerprint) {
      slot.checkedEpoch = this.#epoch;
      return slot.hooks;
    }
    const hooks = this.#createHooks(decodeEntry<Middleware>(entry));
    this.#middlewares.set(id, { shard: shardOf(hashKey(id)), fingerprint: entry.fingerprint, hooks, checkedEpoch: this.#epoch });
    return hooks;
  }

  #createHooks({ id, kind, config }: Middleware): Hooks | null {
    const module = this.#parts.middlewares.get(kind);
    try {
      assert(module !== undefined, `the middleware kind ${kind} is known`);
      return module.create(config as never);
    } catch (cause) {
      this.#parts.onUnbuildable(id, cause instanceof Error ? cause.message : String(cause));
      return null;
    }
  }
}

/** A child is asked for by its parents alone, whatever entry point a request came in on. */
function maskOf({ entryPoints, parents }: Router, bitOf: (entryPoint: string) => number): number {
  return parents === undefined ? entryPoints.reduce((mask, name) => mask | bitOf(name), 0) : EVERY_BIT;
}

function isSame<S>(a: LiveRouter<S>, b: LiveRouter<S>): boolean {
  if (a.service !== b.service || a.isTombstone !== b.isTombstone || a.middlewares.length !== b.middlewares.length) return false;
  return a.middlewares.every((hooks, i) => hooks === b.middlewares[i]);
}

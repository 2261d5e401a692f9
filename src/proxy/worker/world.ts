import { assert } from "../../kernel/assert.ts";
import type { EntryPoint } from "../../model/entry-point.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { ProxySettings } from "../../model/proxy-settings.ts";
import type { RequestFacts } from "../../rules/request-facts.ts";
import type { GenerationUpdate } from "../messages.ts";
import type { Member } from "../route/index-keys.ts";
import { type Layer, type MadeOfIndex, ROOTS, RouteTable } from "../route/route-table.ts";
import { EntryPointBits, EVERY_BIT } from "./entry-point-bits.ts";
import { LiveGraph, type RouterSlot, type WorldParts } from "./live-graph.ts";
import type { LiveRouter } from "./live-router.ts";
import { LiveTls } from "./live-tls.ts";
import { type PreparedShard, SegmentReader } from "./segment-reader.ts";

interface PreparedGeneration<S> {
  readonly update: GenerationUpdate;
  readonly index: readonly PreparedShard<MadeOfIndex<RouterSlot<S>>>[];
  readonly resources: readonly PreparedShard<never>[];
}

/**
 * What one worker knows of the configuration, generation after generation: routes requests, and keeps alive what identity says is the
 * same. `S` is the upstream side's type of a live service.
 *
 * A generation is taken in two steps, `prepare` and `switch`; both cost what changed. Nobody holds the World's generation: an
 * exchange holds its LiveRouter, which no switch changes.
 */
export class World<S> {
  readonly #index = new SegmentReader<MadeOfIndex<RouterSlot<S>>>();
  readonly #resources = new SegmentReader<never>();
  /** What is asked at handshakes. */
  readonly tls = new LiveTls(this.#index, this.#resources);
  readonly #bits = new EntryPointBits();
  readonly #graph: LiveGraph<S>;
  readonly #table: RouteTable<RouterSlot<S>>;
  #prepared: PreparedGeneration<S> | null = null;
  #sequence = 0;
  #version = "";
  #entryPoints: readonly EntryPoint[] = [];
  #hostnames: readonly string[] = [];
  #settings: ProxySettings | null = null;

  constructor(parts: WorldParts<S>) {
    this.#graph = new LiveGraph(parts, this.#resources);
    const bitOf = (entryPoint: string) => this.#bits.bitOf(entryPoint);
    this.#table = new RouteTable(this.#index, (member: Member) => this.#graph.router(member, bitOf));
  }

  /** Sequence of the generation that is live; 0 before the first. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Version of the snapshot that is live; "" before the first. */
  get version(): string {
    return this.#version;
  }

  get entryPoints(): readonly EntryPoint[] {
    return this.#entryPoints;
  }

  /** External names that services of the live generation need. */
  get hostnames(): readonly string[] {
    return this.#hostnames;
  }

  /** What the live generation says beside; null: nothing. */
  get settings(): ProxySettings | null {
    return this.#settings;
  }

  /** How many live objects there are: at most one for each resource, and those `sweep` has not yet come to. */
  get liveCount(): number {
    return this.#graph.size;
  }

  /** Checks an update and keeps it for `switch`. It replaces one that is still prepared. Throws when it breaks the segment format. */
  prepare(update: GenerationUpdate): void {
    const index = this.#index.prepare(update.index);
    this.#prepared = { update, index, resources: this.#resources.prepare(update.resources) };
  }

  /** Makes the prepared generation live. The sequence must be that of the last `prepare`. */
  switch(sequence: number): void {
    const prepared = this.#prepared;
    assert(prepared !== null && prepared.update.sequence === sequence, "a generation is prepared before the switch to it");
    this.#prepared = null;
    this.#index.replace(prepared.index);
    this.#resources.replace(prepared.resources);
    this.#sequence = sequence;
    this.#version = prepared.update.version;
    this.#entryPoints = prepared.update.entryPoints;
    this.#hostnames = prepared.update.hostnames;
    this.#settings = prepared.update.settings ?? null;
    if (this.#bits.assign(this.#entryPoints.map((entryPoint) => entryPoint.name))) this.#index.forgetMade();
    this.#graph.beginEpoch(prepared.update.isIsolated === true);
  }

  /** The prepared generation will not come. Another sequence than the prepared one changes nothing. */
  forget(sequence: number): void {
    if (this.#prepared?.update.sequence === sequence) this.#prepared = null;
  }

  /** The bit of an entry point for `route`; 0 for one that is not live. It stays the same as long as the entry point is live. */
  entryPointBit(name: string): number {
    return this.#bits.bitOf(name);
  }

  /**
   * The router that gets a request, or null when none does; it may be a tombstone. Of a router with children only the first layer:
   * its middlewares come before the rest of the way (`child`).
   * Allocates: nothing but when it meets a router for the first time in a generation.
   */
  route(entryPointBit: number, facts: RequestFacts): LiveRouter<S> | null {
    const slot = this.#table.find(ROOTS, entryPointBit, facts);
    return slot === null ? null : this.#graph.current(slot);
  }

  /** The router of a layer that gets a request, or null when none does; it may be a tombstone. Allocates: as `route`. */
  child(layer: Layer, facts: RequestFacts): LiveRouter<S> | null {
    const slot = this.#table.find(layer, EVERY_BIT, facts);
    return slot === null ? null : this.#graph.current(slot);
  }

  /** Whether a router that a request took earlier is still there, and would treat it as it did. */
  isCurrent(router: LiveRouter<S>): boolean {
    return this.#graph.isCurrent(router);
  }

  /** Brings a live service up to date: requests do so by `route`, but one that is under way may need to know before the next comes. */
  renewService(id: ResourceId<"service">): void {
    this.#graph.renewService(id);
  }

  /**
   * Ends live objects whose resource is gone, looking at `max` objects at most. To be called now and then; returns how many it looked
   * at: 0 when nothing is left to do.
   */
  sweep(max: number): number {
    return this.#graph.sweep(max);
  }
}

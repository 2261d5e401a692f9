import type { ResourceId } from "../../model/ids.ts";
import type { Resource } from "../../model/resource.ts";
import type { RootTranslation } from "../translate/translation.ts";
import { type Claim, claimOf, isClaimOf } from "./claim.ts";
import { ClassGraph } from "./class-graph.ts";
import { Conflicts } from "./conflicts.ts";
import { canWait, type Holds } from "./holds.ts";
import { Shadowing } from "./shadowing.ts";
import { TlsHosts } from "./tls-hosts.ts";
import type { RootUnit } from "./unit.ts";

/** What a root brought to its class. */
interface Contribution {
  /** What the graph holds for it: routers and certificates. */
  readonly held: readonly ResourceId[];
  /** Resources that exist for it alone: its routers and their services. */
  readonly own: readonly Resource[];
  readonly claims: readonly Claim[];
}

const NOTHING: Contribution = { held: [], own: [], claims: [] };

/** The graph of one class and the claims in it, as its roots contribute to them. */
export class ClassBuild {
  readonly graph: ClassGraph;
  readonly conflicts = new Conflicts();
  readonly shadowing = new Shadowing();
  readonly tlsHosts = new TlsHosts();
  readonly #own = new Map<ResourceId, Resource>();
  readonly #settled = new Map<ResourceId, Resource>();
  readonly #contributions = new Map<RootUnit, Contribution>();
  #held: ReadonlyMap<ResourceId, Resource> = new Map();
  #brought: ReadonlyMap<ResourceId, Resource> = new Map();

  /** `partResource` gives the newest form of what roots share. */
  constructor(partResource: (id: ResourceId) => Resource | undefined) {
    this.graph = new ClassGraph(
      (id) => this.#brought.get(id) ?? this.#own.get(id) ?? partResource(id) ?? this.#held.get(id) ?? this.#settled.get(id),
    );
  }

  /** Replaces what the class itself brings to its graph: entry points and the like. The same array again changes nothing. */
  bring(resources: readonly Resource[]): void {
    const before = this.#brought;
    this.#brought = new Map(resources.map((resource) => [resource.id, resource]));
    for (const id of this.#brought.keys()) {
      if (before.has(id)) this.graph.refresh(id);
      else this.graph.retain(id);
    }
    for (const id of before.keys()) if (!this.#brought.has(id)) this.graph.release(id);
  }

  /** Settles what old forms of rules lead to where the live graph no longer has it. Of two versions that of the first id counts. */
  setHolds(className: string, holds: Holds): void {
    const held = new Map<ResourceId, Resource>();
    for (const [, hold] of [...holds].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (hold.className !== className) continue;
      for (const resource of hold.resources) if (!held.has(resource.id)) held.set(resource.id, resource);
    }
    this.#held = held;
  }

  /** Replaces what a root contributes; null takes it out. */
  contribute(root: RootUnit, translation: RootTranslation | null, holds: Holds): void {
    const before = this.#contributions.get(root) ?? NOTHING;
    const after = translation === null ? NOTHING : contributionOf(translation, holds, before.claims);
    for (const resource of after.own) this.#own.set(resource.id, resource);
    for (const id of without(after.held, before.held)) this.graph.retain(id);
    for (const resource of after.own) this.graph.refresh(resource.id);
    for (const id of without(before.held, after.held)) this.graph.release(id);
    this.#forget(before, after);
    this.#claim(before.claims, after.claims);
    if (translation === null) this.#contributions.delete(root);
    else this.#contributions.set(root, after);
  }

  /** Brings the graph up to date with what follows from all claims together. */
  settle(): void {
    for (const [id, host] of this.tlsHosts.takeChanges()) {
      const isNew = !this.#settled.has(id);
      if (host !== null) this.#settled.set(id, host);
      if (host === null) this.graph.release(id);
      else if (isNew) this.graph.retain(id);
      else this.graph.refresh(id);
      if (host === null) this.#settled.delete(id);
    }
  }

  #claim(before: readonly Claim[], after: readonly Claim[]): void {
    const gone = without(before, after);
    const come = without(after, before);
    for (const claim of gone) {
      this.conflicts.remove(claim);
      this.shadowing.remove(claim);
      this.tlsHosts.remove(claim);
    }
    for (const claim of come) {
      this.conflicts.add(claim);
      this.shadowing.add(claim);
      this.tlsHosts.add(claim);
    }
  }

  #forget(before: Contribution, after: Contribution): void {
    const own = new Set(after.own.map((resource) => resource.id));
    for (const { id } of before.own) if (!own.has(id)) this.#own.delete(id);
  }
}

/** What is among `all` and not among `others`, each once. */
function without<T>(all: readonly T[], others: readonly T[]): Iterable<T> {
  if (all.length === 0 || (all.length === 1 && others.length === 0)) return all;
  const rest = new Set(all);
  for (const other of others) rest.delete(other);
  return rest;
}

/** A rule that misses a reference is represented by its old form while that is held, unless the object has that form anyway. */
function contributionOf(translation: RootTranslation, holds: Holds, former: readonly Claim[]): Contribution {
  const present = new Set(translation.routers.map((router) => router.id));
  const routers = translation.routers.map((router) => {
    const hold = holds.get(router.id);
    const isHeld = hold !== undefined && canWait(router, hold) && (hold.router.id === router.id || !present.has(hold.router.id));
    return isHeld ? hold.router : router;
  });
  const formerById = new Map(former.map((claim) => [claim.router.id, claim]));
  return {
    held: [...routers.map((router) => router.id), ...translation.certificates],
    own: [...routers, ...translation.services],
    claims: routers.map((router, index) => {
      const field = translation.fields[index] ?? "";
      const claim = formerById.get(router.id);
      return claim !== undefined && isClaimOf(claim, router, field) ? claim : claimOf(router, field);
    }),
  };
}

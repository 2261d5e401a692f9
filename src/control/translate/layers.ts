import { compareText } from "../../kernel/compare-text.ts";
import { type ObjectRef, objectKey } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import { LAYERS_MAX } from "../../model/router.ts";
import { parentRefsOf } from "../store/parent-refs.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { classOf } from "./ingress-class.ts";
import { referenceObstacle } from "./references.ts";
import type { CompileSettings } from "./settings.ts";
import type { Obstacle, TranslateView } from "./translation.ts";

/** How many IngressRoutes may stand above one, all layers counted. */
export const ANCESTORS_MAX = 256;

/** Where the routes of an IngressRoute with parentRefs hang. */
export interface Place {
  /** The parents that requests come to, sorted by `objectKey`; none: no request comes to it either, and it claims nothing. */
  readonly parents: readonly ObjectRef[];
  /** Why its routes cannot be built, though they keep their place. */
  readonly obstacles: readonly Problem[];
  /** What is wrong with it otherwise. */
  readonly problems: readonly Problem[];
}

/** One entry of `spec.parentRefs`. */
type Link = { readonly field: string } & (
  | { readonly parent: StoredObject; readonly obstacle: null }
  | { readonly parent: null; readonly obstacle: Obstacle }
);

/**
 * Who hangs under whom, as far as one IngressRoute is concerned: `spec.parentRefs` followed up to the roots. What is in a cycle, too
 * deep, or says what only a root may, keeps its place and has no children.
 */
export class Layers {
  readonly #view: TranslateView;
  readonly #settings: CompileSettings;
  readonly #links = new Map<string, readonly Link[]>();
  readonly #levels = new Map<string, number>();

  constructor(view: TranslateView, settings: CompileSettings) {
    this.#view = view;
    this.#settings = settings;
  }

  /** Where an object that has parentRefs hangs. */
  placeOf(object: StoredObject): Place {
    const links = this.#linksOf(object);
    const missing = links.flatMap(({ field, obstacle }) => (obstacle === null ? [] : [told(obstacle, object.ref, field)]));
    const reached = links.flatMap(({ parent }) => (parent !== null && this.#mayHaveChildren(parent) ? [parent.ref] : []));
    const parents = new Map(reached.map((ref) => [objectKey(ref), ref]));
    const obstacles = [...this.#cycle(object), ...this.#depth(object), ...rootFields(object)];
    const isOrphan = parents.size === 0 && links.some(({ parent }) => parent !== null) && obstacles.length === 0;
    return {
      parents: [...parents].sort(([a], [b]) => compareText(a, b)).map(([, ref]) => ref),
      obstacles,
      problems: isOrphan ? [...missing, unreachable(object.ref)] : missing,
    };
  }

  /** Whether routes of other objects hang under those of an object. */
  isParent(object: StoredObject): boolean {
    if (!this.#mayHaveChildren(object)) return false;
    const children = this.#view.childrenOf(object.ref.namespace, object.ref.name);
    return children.some((child) => this.#linksOf(child).some(({ parent }) => parent !== null && isSame(parent, object)));
  }

  /** Whether requests pass an object, and go on from there. */
  #mayHaveChildren(object: StoredObject): boolean {
    const level = this.#levelOf(object);
    return level > 0 && level <= LAYERS_MAX;
  }

  /** 1 for a root, and one more than that of the deepest parent; 0 where no request comes or goes on. */
  #levelOf(object: StoredObject): number {
    if (parentRefsOf(object).length === 0) return 1;
    const key = objectKey(object.ref);
    const known = this.#levels.get(key);
    if (known !== undefined) return known;
    const isDead = rootFields(object).length > 0 || this.#wayBack(object) !== null;
    const level = isDead ? 0 : this.#isCrowded(object) ? LAYERS_MAX + 1 : this.#levelBelow(object);
    this.#levels.set(key, level);
    return level;
  }

  /** Ends, since nothing that leads back to itself is followed. */
  #levelBelow(object: StoredObject): number {
    const above = this.#parentsOf(object)
      .map((parent) => this.#levelOf(parent))
      .filter((level) => level > 0 && level <= LAYERS_MAX);
    return above.length === 0 ? 0 : 1 + Math.max(...above);
  }

  #isCrowded(object: StoredObject): boolean {
    return this.#ancestors(object).size > ANCESTORS_MAX;
  }

  #cycle(object: StoredObject): readonly Problem[] {
    const way = this.#wayBack(object);
    if (way === null) return [];
    const names = way.map(({ ref }) => `"${ref.namespace}/${ref.name}"`).join(" → ");
    const index = this.#linksOf(object).findIndex(({ parent }) => parent !== null && isSame(parent, way[1] as StoredObject));
    const field = `spec.parentRefs[${index}]`;
    return [
      problem("ParentCycle", object.ref, field, `The parents lead back to this object: ${names}.`, "Take one of them out."),
    ];
  }

  #depth(object: StoredObject): readonly Problem[] {
    if (this.#levelOf(object) <= LAYERS_MAX) return [];
    const message = this.#isCrowded(object)
      ? `More than ${ANCESTORS_MAX} IngressRoutes stand above this one.`
      : `This is layer ${LAYERS_MAX + 1}, roots counted as the first; a request passes ${LAYERS_MAX} at most.`;
    return [problem("LayersTooDeep", object.ref, "spec.parentRefs", message, "Take layers out.")];
  }

  /** The shortest way from an object up to itself, its ends included; null when there is none. */
  #wayBack(object: StoredObject): readonly StoredObject[] | null {
    const key = objectKey(object.ref);
    const below = this.#ancestors(object);
    let at = below.get(key);
    if (at === undefined) return null;
    const way = [object];
    for (; !isSame(at, object); at = below.get(objectKey(at.ref)) as StoredObject) way.unshift(at);
    return [object, ...way];
  }

  /** What stands above an object, nearest first, each with what it was come to from; a few more than `ANCESTORS_MAX` at most. */
  #ancestors(object: StoredObject): ReadonlyMap<string, StoredObject> {
    const below = new Map<string, StoredObject>();
    const queue = [object];
    for (const at of queue) {
      if (below.size > ANCESTORS_MAX) break;
      for (const parent of this.#parentsOf(at)) {
        const key = objectKey(parent.ref);
        if (below.has(key)) continue;
        below.set(key, at);
        queue.push(parent);
      }
    }
    return below;
  }

  #parentsOf(object: StoredObject): readonly StoredObject[] {
    return this.#linksOf(object).flatMap(({ parent }) => parent ?? []);
  }

  #linksOf(object: StoredObject): readonly Link[] {
    const key = objectKey(object.ref);
    let links = this.#links.get(key);
    if (links === undefined) {
      links = parentRefsOf(object).map((ref, index) => this.#link(object, ref, `spec.parentRefs[${index}]`));
      this.#links.set(key, links);
    }
    return links;
  }

  #link(object: StoredObject, ref: ObjectRef, field: string): Link {
    const refused = referenceObstacle(object.ref, ref, this.#view, this.#settings);
    if (refused !== null) return { field, parent: null, obstacle: refused };
    const parent = this.#view.get(ref.kind, ref.namespace, ref.name);
    if (parent === undefined) return { field, parent: null, obstacle: notFound(ref, "does not exist") };
    const [own, other] = [object, parent].map((one) => classOf(one, this.#view, this.#settings).className);
    if (own !== other) return { field, parent: null, obstacle: notFound(ref, "is of another ingress class") };
    return { field, parent, obstacle: null };
  }
}

function isSame(a: StoredObject, b: StoredObject): boolean {
  return objectKey(a.ref) === objectKey(b.ref);
}

/** What an object with parentRefs says though only a root may. */
function rootFields({ ref, body }: StoredObject): readonly Problem[] {
  const spec = (body.spec ?? {}) as { readonly entryPoints?: readonly string[] | null; readonly tls?: unknown };
  const fields = [
    ...((spec.entryPoints ?? []).length > 0 ? ["entryPoints"] : []),
    ...((spec.tls ?? null) !== null ? ["tls"] : []),
  ];
  return fields.map((field) => {
    const message = `An IngressRoute with parentRefs is served where its parents are, and sets ${field} all the same.`;
    return problem("NotARoot", ref, `spec.${field}`, message, `Remove ${field}.`);
  });
}

function told({ code, message, hint }: Obstacle, object: ObjectRef, field: string): Problem {
  return problem(code, object, field, `${message} The routes have no place under it.`, hint);
}

function notFound({ namespace, name }: ObjectRef, why: string): Obstacle {
  return { code: "ParentNotFound", message: `IngressRoute "${namespace}/${name}" ${why}.`, hint: "" };
}

function unreachable(object: ObjectRef): Problem {
  const message = "No request comes to these routes: nothing above them is served on an entry point.";
  return problem("ParentUnreachable", object, "spec.parentRefs", message, "The problems of the parents say why.");
}

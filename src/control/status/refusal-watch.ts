import type { Clock } from "../../kernel/clock.ts";
import { originOf, type ResourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Resource } from "../../model/resource.ts";
import type { CompiledRoot } from "../graph/compiler.ts";
import { inSteps } from "../graph/steps.ts";
import { DueList } from "./due-list.ts";
import { STATUS_KINDS } from "./status-kinds.ts";
import { usedResources } from "./used-resources.ts";

export interface RefusalWatchOptions {
  readonly clock: Clock;
  /** How long refusals are collected before the class is looked over. */
  readonly delayMs: number;
  readonly roots: () => Iterable<CompiledRoot>;
  readonly resources: (className: string) => ReadonlyMap<ResourceId, Resource>;
  /** Called with the objects that lead to what is refused now, or no longer is. */
  readonly onFound: (className: string, objects: readonly ObjectRef[]) => void;
  /** Called when a class could not be looked over, which is a bug. */
  readonly onFailed: (error: unknown) => void;
}

/**
 * Finds the objects that refusals speak of, when proxies refuse other resources than before: those the resources came from, and every
 * object of the class that leads to one of them. It looks over the whole class in steps, since proxies hardly ever refuse anything.
 */
export class RefusalWatch {
  readonly #options: RefusalWatchOptions;
  readonly #due: DueList;
  /** What came to be refused, or no longer is, by class. */
  readonly #changed = new Map<string, Set<ResourceId>>();

  constructor(options: RefusalWatchOptions) {
    this.#options = options;
    this.#due = new DueList(options.clock, options.delayMs, (className) => {
      this.#look(className).catch(options.onFailed);
    });
  }

  /** Takes note of resources that a proxy of a class has begun to refuse, or no longer refuses. */
  note(className: string, ids: Iterable<ResourceId>): void {
    const changed = this.#changed.get(className) ?? new Set();
    for (const id of ids) changed.add(id);
    if (changed.size === 0) return;
    this.#changed.set(className, changed);
    this.#due.add(className);
  }

  clear(): void {
    this.#due.clear();
    this.#changed.clear();
  }

  async #look(className: string): Promise<void> {
    const ids = this.#changed.get(className) ?? new Set();
    this.#changed.delete(className);
    const { roots, resources, onFound } = this.#options;
    onFound(className, await inSteps(objectsUsing(ids, className, [...roots()], resources(className))));
  }
}

function* objectsUsing(
  ids: ReadonlySet<ResourceId>,
  className: string,
  roots: readonly CompiledRoot[],
  resources: ReadonlyMap<ResourceId, Resource>,
): Generator<void, readonly ObjectRef[]> {
  const found: ObjectRef[] = [...ids].map(originOf).filter(({ kind }) => STATUS_KINDS.has(kind));
  for (const { ref, translation } of roots) {
    if (translation.className !== className) continue;
    if (!ids.isDisjointFrom(usedResources(translation, resources))) found.push(ref);
    yield;
  }
  return found;
}

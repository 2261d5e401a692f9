import { originOf, type ResourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Resource } from "../../model/resource.ts";
import type { CompiledRoot } from "../graph/compiler.ts";
import { STATUS_KINDS } from "./status-kinds.ts";
import { usedResources } from "./used-resources.ts";

/**
 * The objects that some resources speak of: those they came from, and every object of the class that leads to one of them. It looks
 * over the whole class, one object a step: proxies hardly ever refuse anything.
 */
export function* objectsUsing(
  ids: ReadonlySet<ResourceId>,
  className: string,
  roots: Iterable<CompiledRoot>,
  resources: ReadonlyMap<ResourceId, Resource>,
): Generator<void, readonly ObjectRef[]> {
  const found: ObjectRef[] = [...ids].map(originOf).filter(({ kind }) => STATUS_KINDS.has(kind));
  for (const { ref, translation } of [...roots]) {
    if (translation.className !== className) continue;
    const used = usedResources(translation, resources);
    if ([...ids].some((id) => used.has(id))) found.push(ref);
    yield;
  }
  return found;
}

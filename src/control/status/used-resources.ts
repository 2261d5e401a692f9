import type { ResourceId } from "../../model/ids.ts";
import type { Resource } from "../../model/resource.ts";
import { referencesOf } from "../graph/resource-references.ts";
import type { RootTranslation } from "../translate/translation.ts";

/** Everything an object was compiled to, and all that leads to: if a proxy cannot build one of these, it does not run the object. */
export function usedResources(
  { routers, services, certificates }: RootTranslation,
  graph: ReadonlyMap<ResourceId, Resource>,
): ReadonlySet<ResourceId> {
  const used = new Set<ResourceId>(certificates);
  const own = new Map<ResourceId, Resource>([...routers, ...services].map((resource) => [resource.id, resource]));
  const open: ResourceId[] = routers.map((router) => router.id);
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (used.has(id)) continue;
    used.add(id);
    const resource = own.get(id) ?? graph.get(id);
    if (resource !== undefined) open.push(...referencesOf(resource));
  }
  return used;
}

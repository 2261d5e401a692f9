import { type ResourceId, resourceType } from "../../model/ids.ts";
import type { Resource } from "../../model/resource.ts";
import type { Router } from "../../model/router.ts";
import type { Service } from "../../model/service.ts";

/** The resources a resource leads to. One may be named several times. */
export function referencesOf(resource: Resource): readonly ResourceId[] {
  switch (resourceType(resource.id)) {
    case "router":
      return ofRouter(resource as Router);
    case "service":
      return ofService(resource as Service);
    default:
      return [];
  }
}

function ofRouter(router: Router): readonly ResourceId[] {
  return router.service === null ? router.middlewares : [...router.middlewares, router.service];
}

function ofService(service: Service): readonly ResourceId[] {
  return service.type === "loadBalancer" ? [service.endpoints] : service.services.map((member) => member.service);
}

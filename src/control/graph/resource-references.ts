import { type ResourceId, resourceType } from "../../model/ids.ts";
import type { Resource } from "../../model/resource.ts";
import type { Router } from "../../model/router.ts";
import type { Service } from "../../model/service.ts";
import type { TlsDefaults } from "../../model/tls-defaults.ts";
import type { TlsHost } from "../../model/tls-host.ts";

/** The resources a resource leads to. One may be named several times. */
export function referencesOf(resource: Resource): readonly ResourceId[] {
  switch (resourceType(resource.id)) {
    case "router":
      return ofRouter(resource as Router);
    case "service":
      return ofService(resource as Service);
    case "tlsHost":
      return (resource as TlsHost).option ? [(resource as TlsHost).option as ResourceId] : [];
    case "tlsDefaults":
      return ofDefaults(resource as TlsDefaults);
    default:
      return [];
  }
}

function ofRouter(router: Router): readonly ResourceId[] {
  const { middlewares, service, tlsOption } = router;
  if (service === null && !tlsOption) return middlewares;
  return [...middlewares, ...(service === null ? [] : [service]), ...(tlsOption ? [tlsOption] : [])];
}

function ofDefaults({ option, certificate, certificates = [] }: TlsDefaults): readonly ResourceId[] {
  return [...(option ? [option] : []), ...(certificate ? [certificate] : []), ...certificates];
}

function ofService(service: Service): readonly ResourceId[] {
  if (service.type === "loadBalancer" && service.transport !== undefined) return [service.endpoints, service.transport];
  return service.type === "loadBalancer" ? [service.endpoints] : service.services.map((member) => member.service);
}

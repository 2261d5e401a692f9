import { isIP } from "node:net";
import type { Endpoints, LoadBalancer } from "../../model/service.ts";

/**
 * Whom a service's requests may go to when no operator has been heard for long. The addresses of Pods are reused, so that an address
 * we know may be another Pod's by now, of another tenant even: the Service's ClusterIP takes their place, which Kubernetes itself keeps
 * true. Names (of an ExternalName Service) are nobody else's. Null when there are only addresses and no ClusterIP: nobody is safe.
 */
export function isolatedEndpoints({ clusterIP, clusterPort }: LoadBalancer, endpoints: Endpoints): Endpoints | null {
  if (clusterIP !== null && clusterPort !== undefined)
    return { ...endpoints, servers: [{ address: clusterIP, port: clusterPort }] };
  return endpoints.servers.some(({ address }) => isIP(address) !== 0) ? null : endpoints;
}

import { createServer } from "node:net";
import { encodeResource, SetHash } from "../../../src/model/encode.ts";
import { type ResourceId, resourceId } from "../../../src/model/ids.ts";
import type { EncodedResource, Resource } from "../../../src/model/resource.ts";
import type { Endpoints, LoadBalancer } from "../../../src/model/service.ts";
import { match, router, serviceId } from "../../../src/proxy/worker/routing-case.ts";
import { World } from "./world.ts";

/** A service by name: where its endpoint is, and where its ClusterIP leads (both on this machine; null: it is headless). */
export interface RoutedService {
  readonly endpointPort: number;
  readonly clusterPort: number | null;
}

/** A class whose entry point `web` routes `NAME.test` to the service NAME, as a source for the channel. */
export class RoutedWorld extends World {
  readonly #webPort: number;

  constructor(webPort: number) {
    super();
    this.#webPort = webPort;
  }

  /** Publishes these services, and a router for each; answers the version. With what the class says of isolation, if anything. */
  route(services: Readonly<Record<string, RoutedService>>, clusterIPAfterMs: number | null = null): string {
    const resources = new Map<ResourceId, EncodedResource>();
    const sum = new SetHash();
    const routes = Object.entries(services).flatMap(([name, service]) => routeTo(name, service));
    for (const resource of [this.#entryPoint(), ...settings(clusterIPAfterMs), ...routes]) {
      const encoded = encodeResource(resource);
      resources.set(encoded.id, encoded);
      sum.add(encoded.hash);
    }
    return this.publishSnapshot({ class: "web", version: sum.hex(), resources });
  }

  #entryPoint(): Resource {
    const id = resourceId("entryPoint", CLASS, "web");
    return { id, name: "web", host: "127.0.0.1", port: this.#webPort, tls: false, trustedProxies: [] };
  }
}

const CLASS = { kind: "FairwayClass", namespace: "", name: "test" };

function settings(clusterIPAfterMs: number | null): Resource[] {
  return clusterIPAfterMs === null ? [] : [{ id: resourceId("settings", CLASS), origin: CLASS, clusterIPAfterMs }];
}

function routeTo(name: string, { endpointPort, clusterPort }: RoutedService): Resource[] {
  const origin = { kind: "Service", namespace: "test", name };
  const endpoints: Endpoints = {
    id: resourceId("endpoints", origin, "80"),
    origin,
    servers: [{ address: "127.0.0.1", port: endpointPort }],
  };
  const service: LoadBalancer = {
    type: "loadBalancer",
    id: serviceId(name),
    origin,
    endpoints: endpoints.id,
    scheme: "http",
    passHostHeader: true,
    clusterIP: clusterPort === null ? null : "127.0.0.1",
    ...(clusterPort === null ? {} : { clusterPort }),
  };
  return [router(name, match("Host", `${name}.test`)), service, endpoints];
}

/** A port that nobody has right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { readonly port: number };
      server.close(() => resolve(port));
    });
  });
}

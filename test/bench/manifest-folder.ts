import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How many routes share a Service, and how many a Middleware. */
const ROUTES_PER_SERVICE = 10;
const ROUTES_PER_MIDDLEWARE = 100;

/** Writes a folder of so many IngressRoutes, with the Services, EndpointSlices and Middlewares they refer to. Answers how many objects it holds. */
export function writeManifests(folder: string, routes: number, routesPerFile: number): number {
  mkdirSync(folder, { recursive: true });
  const files = Math.ceil(routes / routesPerFile);
  for (let file = 0; file < files; file++) {
    const first = file * routesPerFile;
    const documents = Array.from({ length: Math.min(routesPerFile, routes - first) }, (_, i) => ingressRoute(first + i));
    writeFileSync(join(folder, `routes-${file}.yaml`), documents.join("---\n"));
  }
  const services = Math.ceil(routes / ROUTES_PER_SERVICE);
  const middlewares = Math.ceil(routes / ROUTES_PER_MIDDLEWARE);
  writeFileSync(join(folder, "services.yaml"), Array.from({ length: services }, (_, i) => service(i)).join("---\n"));
  writeFileSync(join(folder, "middlewares.yaml"), Array.from({ length: middlewares }, (_, i) => middleware(i)).join("---\n"));
  return routes + 2 * services + middlewares;
}

function ingressRoute(index: number): string {
  return `apiVersion: fairway.dev/v1alpha1
kind: IngressRoute
metadata:
  name: route-${index}
  namespace: bench
  labels:
    app.kubernetes.io/part-of: bench
spec:
  entryPoints:
    - web
  routes:
    - match: Host(\`app-${Math.floor(index / 5)}.example.com\`) && PathPrefix(\`/service-${index % 5}/\`)
      middlewares:
        - name: strip-${Math.floor(index / ROUTES_PER_MIDDLEWARE)}
      services:
        - name: service-${Math.floor(index / ROUTES_PER_SERVICE)}
          port: http
`;
}

function service(index: number): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: service-${index}
  namespace: bench
spec:
  ports:
    - name: http
      port: 80
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: service-${index}-a
  namespace: bench
  labels:
    kubernetes.io/service-name: service-${index}
addressType: IPv4
ports:
  - name: http
    port: 8080
endpoints:
  - addresses: [10.${(index >> 8) & 255}.${index & 255}.1]
    conditions:
      ready: true
  - addresses: [10.${(index >> 8) & 255}.${index & 255}.2]
    conditions:
      ready: true
`;
}

function middleware(index: number): string {
  return `apiVersion: fairway.dev/v1alpha1
kind: Middleware
metadata:
  name: strip-${index}
  namespace: bench
spec:
  stripPrefix:
    prefixes:
      - /service-${index % 5}
`;
}

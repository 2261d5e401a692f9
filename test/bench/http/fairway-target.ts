import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FairwayDev } from "../../scenario/changes/fairway-dev.ts";
import { pinToCore } from "../pinning.ts";
import type { BenchCertificate } from "./certificates.ts";
import { IS_PINNED, PROXY_CORE } from "./children.ts";
import { revisionOf } from "./revision.ts";
import type { Setup, TargetKind } from "./target.ts";
import { GRPC, PREFIXES_PER_HOST, REQUEST_FIELD, RESPONSE_FIELD, ROUTES, routeAt } from "./workload.ts";

const NAMESPACE = "bench";

const GRPC_ROUTE = {
  match: `Host(\`${GRPC.host}\`) && PathPrefix(\`${GRPC.prefix}\`)`,
  services: [{ name: "grpc", port: "http" }],
};

/** Fairway with one worker, both planes in one process, from a checkout of this project, run with these flags of Node. */
export function fairway(name: string, checkout: string, nodeFlags: readonly string[] = []): TargetKind {
  return {
    name,
    missing: () => null,
    start: async ({ folder, upstreamPort, grpcPort, certificates }) => {
      const manifests = join(folder, "manifests");
      writeManifests(manifests, { upstreamPort, grpcPort, certificates });
      const flags = [
        "--entrypoint",
        "secure=127.0.0.1:0,tls",
        "--access-log",
        "clf",
        "--access-log-file",
        join(folder, "access.log"),
      ];
      const dev = await FairwayDev.start(manifests, 1, flags, join(checkout, "src/main.ts"), nodeFlags);
      if (IS_PINNED) pinToCore(dev.pid, PROXY_CORE);
      return {
        name,
        version: revisionOf(checkout),
        pid: dev.pid,
        port: dev.port,
        tlsPort: dev.tlsPort,
        compilesByUse: true,
        stop: () => dev.stop(),
      };
    },
  };
}

/** The routes, three middlewares for each, and the upstream, as manifests. */
export function writeManifests(folder: string, { upstreamPort, grpcPort, certificates }: Omit<Setup, "folder">): void {
  mkdirSync(folder, { recursive: true });
  const routes = Array.from({ length: ROUTES }, (_, index) => ingressRoute(index));
  const strips = Array.from({ length: PREFIXES_PER_HOST }, (_, index) =>
    middleware(`strip-${index}`, { stripPrefix: { prefixes: [routeAt(index).prefix] } }),
  );
  const asks = middleware("ask", { headers: { customRequestHeaders: { [REQUEST_FIELD.name]: REQUEST_FIELD.value } } });
  const answers = middleware("answer", { headers: { customResponseHeaders: { [RESPONSE_FIELD.name]: RESPONSE_FIELD.value } } });
  const objects = [
    ...routes,
    ...strips,
    asks,
    answers,
    ...upstream("upstream", upstreamPort),
    ...certified("ecdsa", certificates.ecdsa),
    ...certified("rsa", certificates.rsa),
    ...upstream("grpc", grpcPort, "kubernetes.io/h2c"),
    fairwayObject("IngressRoute", "grpc", { routes: [GRPC_ROUTE] }),
  ];
  writeFileSync(join(folder, "bench.yaml"), objects.map((object) => JSON.stringify(object)).join("\n---\n"));
}

function ingressRoute(index: number): object {
  const { host, prefix } = routeAt(index);
  const middlewares = [`strip-${index % PREFIXES_PER_HOST}`, "ask", "answer"].map((name) => ({ name }));
  const match = `Host(\`${host}\`) && PathPrefix(\`${prefix}/\`)`;
  const routes = [{ match, middlewares, services: [{ name: "upstream", port: "http" }] }];
  return fairwayObject("IngressRoute", `route-${index}`, { routes });
}

/** A certificate, and a route of its own that brings it in: routes that name one are not served without TLS. */
function certified(name: string, { certificatePem, keyPem }: BenchCertificate): readonly object[] {
  const data = { "tls.crt": certificatePem, "tls.key": keyPem };
  const metadata = { name, namespace: NAMESPACE };
  const routes = [{ match: `Host(\`${name}.example.com\`)`, services: [{ name: "upstream", port: "http" }] }];
  return [
    { apiVersion: "v1", kind: "Secret", type: "kubernetes.io/tls", metadata, stringData: data },
    fairwayObject("IngressRoute", name, { routes, tls: { secretName: name } }),
  ];
}

function middleware(name: string, spec: object): object {
  return fairwayObject("Middleware", name, spec);
}

function fairwayObject(kind: string, name: string, spec: object): object {
  return { apiVersion: "fairway.dev/v1alpha1", kind, metadata: { name, namespace: NAMESPACE }, spec };
}

function upstream(name: string, port: number, appProtocol?: string): readonly object[] {
  const metadata = { name, namespace: NAMESPACE };
  const labels = { "kubernetes.io/service-name": name };
  const servicePort = { name: "http", port: 80, ...(appProtocol === undefined ? {} : { appProtocol }) };
  return [
    { apiVersion: "v1", kind: "Service", metadata, spec: { ports: [servicePort] } },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...metadata, labels },
      addressType: "IPv4",
      ports: [{ name: "http", port }],
      endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
    },
  ];
}

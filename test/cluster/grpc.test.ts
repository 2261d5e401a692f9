import { join } from "node:path";
import { rolldown } from "rolldown";
import { expect, test, vi } from "vitest";
import { entryPoint } from "../../hack/image/image-root.ts";
import { succeeded } from "./cluster.ts";
import { onInstalledCluster } from "./installed-cluster.ts";

const cluster = onInstalledCluster();

const HOST = "grpc.example";
const CLIENT = join(import.meta.dirname, "grpc-client.ts");

/** The server's program as one file, small enough for a ConfigMap. */
async function serverProgram(): Promise<string> {
  const bundle = await rolldown({ input: join(import.meta.dirname, "grpc-server.ts"), platform: "node", logLevel: "silent" });
  const { output } = await bundle.generate({ format: "esm", minify: true, codeSplitting: false });
  await bundle.close();
  return output[0].code;
}

const container = {
  name: "grpc",
  image: "fairway.dev/echo:local",
  imagePullPolicy: "IfNotPresent",
  command: [entryPoint("")[0], "/program/server.mjs"],
  ports: [{ name: "grpc", containerPort: 8080 }],
  readinessProbe: { tcpSocket: { port: "grpc" }, periodSeconds: 1 },
  volumeMounts: [{ name: "program", mountPath: "/program" }],
};

const labels = { app: "grpc" };
const metadata = { name: "grpc" };

const workload = [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [container], volumes: [{ name: "program", configMap: { name: "grpc" } }] },
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { selector: labels, ports: [{ name: "grpc", port: 80, targetPort: "grpc", appProtocol: "kubernetes.io/h2c" }] },
  },
  {
    apiVersion: "fairway.dev/v1alpha1",
    kind: "IngressRoute",
    metadata,
    spec: {
      ingressClassName: "fairway",
      routes: [{ match: `Host(\`${HOST}\`) && PathPrefix(\`/fairway.test.Echo/\`)`, services: [{ name: "grpc", port: 80 }] }],
    },
  },
];

test("calls of every kind reach a gRPC service, with messages, status and trailers", async () => {
  const data = { "server.mjs": await serverProgram() };
  await cluster.apply([{ apiVersion: "v1", kind: "ConfigMap", metadata, data }, ...workload]);
  await cluster.ok("rollout", "status", "deployment/grpc", "--timeout=60s");
  await cluster.ok("wait", "--for=condition=Programmed", "ingressroute/grpc", "--timeout=30s");
  const { address, http } = cluster.target;
  const well = { code: 0, message: "", trailer: "something" };
  await vi.waitFor(
    async () => {
      const printed = succeeded(await cluster.exec(process.execPath, CLIENT, address, String(http), HOST));
      expect(
        printed
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line)),
      ).toEqual([
        { kind: "unary", messages: ["one"], ...well },
        { kind: "collect", messages: ["onetwo"], ...well },
        { kind: "repeat", messages: ["one", "one", "one"], ...well },
        { kind: "chat", messages: ["one", "two"], ...well },
      ]);
    },
    { timeout: 30_000, interval: 500 },
  );
});

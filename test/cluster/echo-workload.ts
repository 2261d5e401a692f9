/** How an echo server is deployed. */
export interface EchoOptions {
  /** Default: 1. */
  readonly replicas?: number;
  readonly namespace?: string;
}

/** Objects of an echo server: a Deployment and a Service of one name, port 80 (`http`). It answers with an `Echo` (hack/demo) as JSON. */
export function echoWorkload(name: string, { replicas = 1, namespace }: EchoOptions): readonly object[] {
  const metadata = { name, labels: { app: name }, ...(namespace !== undefined && { namespace }) };
  const container = {
    name: "echo",
    image: "fairway.dev/echo:local",
    imagePullPolicy: "IfNotPresent",
    ports: [{ name: "http", containerPort: 8080 }],
    readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 1 },
    // It is asked for a while after it has left the endpoints.
    lifecycle: { preStop: { sleep: { seconds: 3 } } },
    resources: { requests: { cpu: "5m", memory: "32Mi" } },
  };
  const template = {
    metadata: { labels: { app: name } },
    spec: { automountServiceAccountToken: false, containers: [container] },
  };
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: { replicas, selector: { matchLabels: { app: name } }, template },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: { app: name }, ports: [{ name: "http", port: 80, targetPort: "http" }] },
    },
  ];
}

import { createServer, connect as dial, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { ApiClient } from "../../src/control/api/client.ts";
import { KubernetesSource } from "../../src/control/sources/kubernetes/kubernetes-source.ts";
import { ObjectStore } from "../../src/control/store/object-store.ts";
import { Intake } from "../../src/control/validate/intake.ts";
import { KindCatalog } from "../../src/control/validate/kind-catalog.ts";
import type { Told } from "./watched-cluster.ts";

/**
 * A program that watches a cluster as the operator does, through a relay whose connections it can cut and freeze. It says what it
 * learns, a line of JSON each, and does what it reads: `cut` (every connection, and new ones, until `mend`), `freeze` (the connections
 * of now carry nothing more, and do not end), `relist`, `fill N` (makes N IngressRoutes).
 *
 * usage: watching-process.ts KUBECONFIG RELAY-PORT API-SERVER-HOST API-SERVER-PORT
 */
const [kubeconfig = "", relayPort = "", host = "", port = ""] = process.argv.slice(2);

/** As often as the operator asks for its Lease, and as long as it waits. */
const PULSE_MS = 1_000;
const PULSE_TIMEOUT_MS = 3_000;
const FILL_AT_A_TIME = 16;

const tell = (told: Told): void => void process.stdout.write(`${JSON.stringify(told)}\n`);

const relayed = new Set<readonly [Socket, Socket]>();
let isCut = false;
const relay = createServer((near) => {
  if (isCut) return void near.destroy();
  const far = dial(Number(port), host);
  const pair = [near, far] as const;
  relayed.add(pair);
  near.pipe(far);
  far.pipe(near);
  for (const socket of pair) {
    socket.on("error", () => {});
    socket.on("close", () => {
      relayed.delete(pair);
      near.destroy();
      far.destroy();
    });
  }
});
await new Promise<void>((resolve) => relay.listen(Number(relayPort), "127.0.0.1", resolve));

const api = await ApiClient.open({ kubeconfig });
const store = new ObjectStore();
const source = new KubernetesSource({
  api,
  intake: new Intake(store, new KindCatalog()),
  onState: ({ kind, state }) => tell({ told: "state", kind, ...state }),
});

let isTelling = false;
store.onChange(() => {
  if (isTelling) return;
  isTelling = true;
  queueMicrotask(() => {
    isTelling = false;
    // What the API server keeps about itself comes and goes with it.
    const changes = store.takeChanges().filter(({ namespace, name }) => !namespace.startsWith("kube-") && name !== "kubernetes");
    const isThere = ({ kind, namespace, name }: (typeof changes)[number]) => store.get(kind, namespace, name) !== undefined;
    const lines = changes.map((ref) => `${isThere(ref) ? "+" : "-"}${ref.kind}/${ref.name}`);
    if (lines.length > 0) tell({ told: "changes", changes: lines.slice(0, 20), count: lines.length, objects: store.size });
  });
});

const beganMs = performance.now();
await source.start();
tell({ told: "ready", objects: store.size, ms: Math.round(performance.now() - beganMs) });

setInterval(() => {
  api.request({ method: "GET", path: "/version", timeoutMs: PULSE_TIMEOUT_MS }).catch(() => {});
}, PULSE_MS);

async function fill(count: number): Promise<void> {
  let next = 0;
  const make = async (): Promise<void> => {
    while (next < count) {
      const name = `route-${next++}`;
      const routes = [{ kind: "Rule", match: `Host(\`${name}.example.com\`)`, services: [{ name: "cart", port: 80 }] }];
      const body = { apiVersion: "fairway.dev/v1alpha1", kind: "IngressRoute", metadata: { name }, spec: { routes } };
      await api.request({ method: "POST", path: "/apis/fairway.dev/v1alpha1/namespaces/default/ingressroutes", body });
    }
  };
  await Promise.all(Array.from({ length: FILL_AT_A_TIME }, make));
}

const orders: Readonly<Record<string, (argument: string) => void | Promise<void>>> = {
  cut: () => {
    isCut = true;
    for (const [near] of relayed) near.destroy();
  },
  mend: () => {
    isCut = false;
  },
  freeze: () => {
    for (const [near, far] of relayed) {
      near.unpipe(far);
      far.unpipe(near);
    }
    relayed.clear();
  },
  relist: () => source.relist(),
  fill: (count) => fill(Number(count)),
};

for await (const line of createInterface(process.stdin)) {
  const [order = "", argument = ""] = line.split(" ");
  await orders[order]?.(argument);
  tell({ told: "done", order });
}
process.exit(0);

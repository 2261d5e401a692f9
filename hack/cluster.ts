import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Cluster, succeeded } from "../test/cluster/cluster.ts";
import { importImages, installFairway, makeImages } from "../test/cluster/fairway-install.ts";
import { type Door, openDoors } from "./cluster/door.ts";

const ROOT = join(import.meta.dirname, "..");
/** The node's address, inside. */
const NODE = "10.243.0.1";

const USAGE = `npm run cluster [-- options]

Starts a real Kubernetes of one node on this machine, installs Fairway (config/overlays/local) and the demo (config/samples) in it, and
prints how to reach them. Ctrl-C takes all of it down. Needs Linux, root, and Go 1.26 for the first start, which builds Kubernetes.

  --api PORT      port here for kubectl (16443)
  --http PORT     port here for http, which Fairway serves on the node's port 30080 (30080)
  --https PORT    port here for https, the node's port 30443 (30443)
  --no-demo       Fairway alone
  --no-fairway    Kubernetes alone, with the images
  --help          this text
`;

/** What to try, for the ports in use. Each line works as printed while the cluster runs. */
function tries(http: number, https: number): readonly (readonly [command: string, purpose: string])[] {
  return [
    ["kubectl get pods --all-namespaces", "operator, proxies, and the demo's servers"],
    ["kubectl get ingressroutes,ingresses --namespace demo", "what is routed, and whether it is live"],
    ["kubectl describe ingressroute shop --namespace demo", "the status of one, in full"],
    [`curl http://shop.localhost:${http}/`, "a route by host; the Pod that answers is named"],
    [`curl http://shop.localhost:${http}/api/items`, "a longer rule; /api is taken off"],
    [`curl -H 'X-Canary: always' http://shop.localhost:${http}/api/items`, "by header, to the next version"],
    [`curl --insecure https://secure.localhost:${https}/api/`, "an Ingress with a certificate"],
  ];
}

interface Settings {
  readonly ports: { readonly api: number; readonly http: number; readonly https: number };
  readonly fairway: boolean;
  readonly demo: boolean;
}

/** What the command line says; null when it asks for help. */
function settings(): Settings | null {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      api: { type: "string", default: "16443" },
      http: { type: "string", default: "30080" },
      https: { type: "string", default: "30443" },
      demo: { type: "boolean", default: true },
      fairway: { type: "boolean", default: true },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const { api, http, https, fairway, demo } = values;
  return { ports: { api: Number(api), http: Number(http), https: Number(https) }, fairway, demo: fairway && demo };
}

/** Starts everything; resolves once it can be used. Answers the exit code when there is nothing to wait for. */
async function start({ ports, fairway, demo }: Settings): Promise<number | null> {
  say("Kubernetes starts");
  const cluster = await Cluster.start();
  if (!(cluster instanceof Cluster)) {
    console.error(`This machine cannot run the cluster: ${cluster.missing}`);
    return 1;
  }
  await openDoors(cluster.folder, [
    { port: ports.api, to: `${NODE}:6443` },
    { port: ports.http, to: `${NODE}:30080` },
    { port: ports.https, to: `${NODE}:30443` },
  ] satisfies readonly Door[]);
  say("images are built");
  await importImages(cluster, await makeImages(cluster.folder));
  if (fairway) {
    say("Fairway starts");
    await installFairway(cluster);
  }
  if (demo) {
    say("the demo starts");
    await installDemo(cluster);
  }
  const setting = await reachFromHere(cluster, ports.api);
  console.log(`\nIn another terminal:\n\n  ${setting}\n`);
  if (demo) console.log(`${table(tries(ports.http, ports.https))}\n`);
  console.log("Ctrl-C takes everything down.");
  return null;
}

function say(what: string): void {
  console.log(`${(performance.now() / 1_000).toFixed(1).padStart(6)} s  ${what}`);
}

/** Applies config/samples and waits until its servers are ready and its routes are live. */
async function installDemo(cluster: Cluster): Promise<void> {
  succeeded(await cluster.kubectl("apply", "-k", join(ROOT, "config/samples")));
  const inDemo = ["--namespace=demo", "--timeout=60s"];
  for (const name of ["web", "api", "api-next", "docs"]) {
    succeeded(await cluster.kubectl("rollout", "status", `deployment/${name}`, ...inDemo));
  }
  succeeded(await cluster.kubectl("wait", "--for=condition=Programmed", "ingressroutes", "--all", ...inDemo));
}

/** Puts a kubeconfig for this side and kubectl into the folder; answers the line that has a shell use them. */
async function reachFromHere(cluster: Cluster, port: number): Promise<string> {
  const { folder } = cluster;
  const kubeconfig = join(folder, "kubeconfig");
  const inside = readFileSync(join(folder, "admin.kubeconfig"), "utf8");
  writeFileSync(kubeconfig, inside.replace(`https://${NODE}:6443`, `https://127.0.0.1:${port}`), { mode: 0o600 });
  const programs = join(folder, "programs");
  mkdirSync(programs);
  symlinkSync(join(readFileSync(join(folder, "bin"), "utf8").trim(), "kubectl"), join(programs, "kubectl"));
  return `export KUBECONFIG=${kubeconfig} PATH=${programs}:$PATH`;
}

function table(lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  return lines.map(([command, purpose]) => `  ${command.padEnd(width)}  # ${purpose}`).join("\n");
}

async function main(): Promise<void> {
  const asked = settings();
  if (asked === null) {
    process.stdout.write(USAGE);
    return;
  }
  // The cluster ends with this process, whatever the reason.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(0));
  try {
    const code = await start(asked);
    if (code !== null) process.exit(code);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
  setInterval(() => {}, 2 ** 30);
}

await main();

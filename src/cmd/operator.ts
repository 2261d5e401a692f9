import { Command, InvalidArgumentError, Option } from "commander";
import { CONTROLLER_NAME, EVERY_CLASS } from "../control/translate/settings.ts";
import type { ObjectRef } from "../model/object-ref.ts";
import { examples, wrongUse } from "./cli.ts";
import { collectName, type HostPort, parseHostPort } from "./entry-point-flags.ts";
import { type ClusterOptions, operatorOnCluster } from "./operator-on-cluster.ts";
import { type FolderOptions, operatorOnFolder } from "./operator-on-folder.ts";
import { OPTIONS } from "./run-options.ts";
import { running } from "./until-stopped.ts";

/** Flags that say something about a cluster, and so nothing beside `--manifests`. */
const CLUSTER_ONLY = [
  "kubeconfig",
  "namespace",
  "controllerName",
  "watchWithoutClass",
  "operatorNamespace",
  "advertise",
  "installCrds",
  "publishService",
  "publishAddress",
  "leaseDuration",
  "admissionCertificate",
] as const;

type OperatorOptions = Omit<ClusterOptions, "listen" | "admin"> & {
  readonly manifests?: string;
  readonly listen?: HostPort;
  readonly admin?: HostPort;
};

/** `fairway operator`: the control plane alone, on a cluster or on a folder. */
export function command(): Command {
  return clusterFlags(
    new Command("operator")
      .description(
        "Watches a cluster (or a folder), compiles what it finds, and publishes snapshots to the proxies that connect.",
      )
      .option("--manifests <DIR>", "watch a folder of manifests instead of a cluster, read at any depth")
      .option(
        "--listen <HOST:PORT>",
        "where proxies connect (default: :9443); with --manifests it has to be given, a loopback address",
        parseHostPort,
      )
      .addOption(OPTIONS.admin("on a cluster :9090, with --manifests none"))
      .addOption(OPTIONS.entryPoint("on a cluster on all addresses"))
      .addOption(
        OPTIONS.classes(
          "serve this ingress class; may be given more than once",
          `on a cluster those of --controller-name; with --manifests every object, as "${EVERY_CLASS}"`,
        ),
      )
      .option("--allow-cross-namespace", "let references cross namespaces without a ReferenceGrant", false)
      .option("--allow-external-name", "let Services of type ExternalName be upstreams (a folder: always)", false)
      .addOption(OPTIONS.events()),
  )
    .addHelpText(
      "after",
      examples(
        ["fairway operator", "in a Pod: the cluster it runs in"],
        ["fairway operator --kubeconfig ~/.kube/config --listen 127.0.0.1:9443", "a cluster from outside"],
        ["fairway operator --namespace shop --namespace blog", "only these namespaces"],
        ["fairway operator --manifests ./manifests --listen 127.0.0.1:9443", `a folder, everything as class "${EVERY_CLASS}"`],
      ),
    )
    .action((options: OperatorOptions) => running(() => operator(options)));
}

function clusterFlags(command: Command): Command {
  return command
    .option("--kubeconfig <FILE>", "how to reach the cluster (default: the Pod's service account, else KUBECONFIG)")
    .addOption(
      new Option("--namespace <NS>", "watch this namespace only; may be given more than once")
        .argParser<readonly string[]>(collectName)
        .default([], "all of them"),
    )
    .option("--controller-name <NAME>", `spec.controller of the IngressClasses to serve (default: ${CONTROLLER_NAME})`)
    .option("--watch-without-class", "serve objects that name no class, where there is no default class")
    .option("--operator-namespace <NS>", "where the operator's own objects are (default: POD_NAMESPACE, else fairway-system)")
    .option("--advertise <URL>", "where proxies reach this replica (default: its Pod address and the port of --listen)")
    .option("--install-crds", "create or update the CustomResourceDefinitions at start")
    .option("--publish-service <NS/NAME>", "publish the addresses of this Service in the status of Ingresses", parseServiceName)
    .addOption(
      new Option("--publish-address <ADDRESS>", "publish this address instead; may be given more than once")
        .argParser<readonly string[]>(collectName)
        .default([], "those of the Service in front of the proxies"),
    )
    .option("--lease-duration <SECONDS>", "how long the Lease of a replica that fell silent lasts (default: 15)", parseLease)
    .option("--admission-certificate", "keep the certificate of fairway admission, and have the API server trust it");
}

async function operator(options: OperatorOptions): Promise<void> {
  const { manifests, listen, admin } = options;
  if (manifests === undefined) {
    return operatorOnCluster({
      ...options,
      listen: listen ?? { host: "", port: 9_443 },
      admin: admin ?? { host: "", port: 9_090 },
    });
  }
  const wrong = CLUSTER_ONLY.find((name) => isGiven(options[name]));
  if (wrong !== undefined) wrongUse(`--${kebab(wrong)} is about a cluster and means nothing with --manifests`);
  if (listen === undefined) wrongUse("--manifests needs --listen, a loopback address");
  return operatorOnFolder({ ...options, manifests, listen } satisfies FolderOptions);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0);
}

/** For commander: `namespace/name` of a Service. */
function parseServiceName(text: string): ObjectRef {
  const [namespace = "", name = "", ...rest] = text.split("/");
  if (namespace === "" || name === "" || rest.length > 0) throw new InvalidArgumentError("Write it as NAMESPACE/NAME.");
  return { kind: "Service", namespace, name };
}

/** For commander: seconds of a Lease; what is shorter than a few of its renewals is no Lease. */
function parseLease(text: string): number {
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds < 3 || seconds > 300) throw new InvalidArgumentError("Write whole seconds from 3 to 300.");
  return seconds;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

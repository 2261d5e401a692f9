import { type Command, InvalidArgumentError } from "commander";
import { wrongUse } from "./cli.ts";
import { type ReadObjects, readObjects } from "./compiled-manifests.ts";
import { connectToOperator } from "./find-operator.ts";
import { type OperatorAddress, readOperator } from "./operator-world.ts";
import { readManifests } from "./read-manifests.ts";
import { version } from "./version.ts";

/** The namespace an operator is installed in where nobody says otherwise. */
const OPERATOR_NAMESPACE = "fairway-system";

/** What flags say about a running operator, for tools that can look at one instead of manifests. */
export interface OperatorFlags {
  readonly operator?: URL;
  readonly cluster?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly operatorNamespace?: string;
}

/** Objects a tool looks at. */
export interface ToolObjects extends ReadObjects {
  /** How the user named them: a path, or the flags that name an operator. */
  readonly name: string;
  /** The folder that files are told relative to; "" where there is none. */
  readonly path: string;
}

/** Adds the flags that name a running operator. */
export function withOperatorFlags(command: Command): Command {
  return command
    .option(
      "--operator <URL>",
      "instead of manifests: what the operator behind this admin port holds (kubectl port-forward)",
      parseUrl,
    )
    .option("--cluster", "instead of manifests: what the operator holds of the cluster that kubectl would talk to")
    .option("--kubeconfig <FILE>", "with this kubeconfig (implies --cluster)")
    .option("--context <NAME>", "with this context of the kubeconfig (implies --cluster)")
    .option("--operator-namespace <NS>", `where that operator is (implies --cluster; default: ${OPERATOR_NAMESPACE})`);
}

/** Whether flags name a running operator. Ends the command when they name two. */
export function namesOperator({ operator, cluster, kubeconfig, context, operatorNamespace }: OperatorFlags): boolean {
  const isCluster = cluster === true || [kubeconfig, context, operatorNamespace].some((flag) => flag !== undefined);
  if (operator !== undefined && isCluster)
    wrongUse("--operator says where the operator is: flags that find one mean nothing with it");
  return operator !== undefined || isCluster;
}

/** Reads the manifests at a path, or what a running operator holds: exactly one of them has to be given. */
export async function readToolObjects(path: string | undefined, flags: OperatorFlags): Promise<ToolObjects> {
  if (namesOperator(flags)) {
    if (path !== undefined) wrongUse(`give ${path} or a running operator, not both`);
    return readRunning(flags);
  }
  if (path === undefined)
    return wrongUse("give a folder of manifests, a single file, -, or a running operator (--operator, --cluster)");
  return readPath(path);
}

/** Reads manifests: a folder, a file, or - for the standard input. */
export async function readPath(path: string): Promise<ToolObjects> {
  return { ...(await readObjects((intake) => readManifests(path, intake))), name: path, path };
}

/** Reads what the operator holds that flags name. */
export async function readRunning(flags: OperatorFlags): Promise<ToolObjects> {
  const name = nameOf(flags);
  const { store, manifests, settings, folder, version: theirs } = await readOperator(await addressOf(flags), name);
  if (theirs !== version()) {
    process.stderr.write(
      `note: the operator is of version ${theirs}; what it holds is compiled here by the rules of ${version()}\n`,
    );
  }
  return { store, manifests, settings, folderProblems: [], name, path: folder ?? "" };
}

async function addressOf({ operator, kubeconfig, context, operatorNamespace }: OperatorFlags): Promise<OperatorAddress> {
  if (operator !== undefined) return { url: operator };
  return { connection: await connectToOperator({ kubeconfig, context, namespace: operatorNamespace ?? OPERATOR_NAMESPACE }) };
}

/** As the flags were written, so that it can be typed again. */
function nameOf({ operator, kubeconfig, context, operatorNamespace }: OperatorFlags): string {
  if (operator !== undefined) return `--operator ${operator.origin}`;
  const flags = Object.entries({ kubeconfig, context, "operator-namespace": operatorNamespace });
  const given = flags.flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag} ${value}`]));
  return given.length === 0 ? "--cluster" : given.join(" ");
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== "http:") throw new InvalidArgumentError("Write it as http://HOST:PORT, as in http://127.0.0.1:9090.");
  return url;
}

import { Command, Option } from "commander";
import { Compiler } from "../control/graph/compiler.ts";
import { ObjectStore } from "../control/store/object-store.ts";
import { publishedClasses } from "../control/translate/settings.ts";
import { Intake } from "../control/validate/intake.ts";
import { KindCatalog } from "../control/validate/kind-catalog.ts";
import { assert } from "../kernel/assert.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import { FAILURE_MEANINGS } from "../model/failure.ts";
import { replyTo } from "../proxy/pipeline/reply.ts";
import { examples } from "./cli.ts";
import { chooseEntryPoint, collectEntryPointChoice, type EntryPointChoice, NO_CHOICE } from "./explain-entry-point.ts";
import { type AskedRequest, makeExchange, parseUrl } from "./explain-request.ts";
import { explainText } from "./explain-text.ts";
import { type Explanation, explain } from "./explanation.ts";
import { manifestSettings } from "./manifest-settings.ts";
import { readManifests } from "./read-manifests.ts";
import { OPTIONS } from "./run-options.ts";

/** What `fairway explain --output json` prints. Fields may be added, never removed. Schema: `docs/reference/explain.schema.json`. */
export interface ExplainReport extends Omit<Explanation, "status"> {
  readonly request: {
    readonly method: string;
    readonly url: string;
    /** Canonical, without port: what rules see. "" when the request is refused. */
    readonly host: string;
    /** Canonical: what rules see. "" when the request is refused. */
    readonly path: string;
    readonly headers: readonly string[];
    readonly clientIp: string;
    readonly entryPoint: string;
  };
  /** Why the request is refused before it comes to routing; null when it is not. */
  readonly failure: { readonly code: string; readonly message: string } | null;
  /** What the proxy answers of its own: 404, 503, or the status of `failure`; null when it passes the request on or a middleware answers. */
  readonly status: number | null;
}

interface ExplainOptions {
  readonly manifests: string;
  readonly request: string;
  readonly header: readonly string[];
  readonly clientIp: string;
  readonly entrypoint: EntryPointChoice;
  readonly class: readonly string[];
  readonly output: "text" | "json";
}

const HELP = `
Exit codes: 0 explained, whether a route is found or not; 2 wrong use.
${examples(
  ["fairway explain http://shop.localhost/api/ --manifests config/samples/demo", "where a request goes, and why"],
  ["fairway explain https://shop.localhost/cart --manifests . -X POST -H 'X-Beta: 1'", "with a method and a header"],
  ["kustomize build . | fairway explain http://shop.test/ --manifests -", "from a pipe"],
)}`;

/** `fairway explain URL`: why a request goes where it goes. */
export function command(): Command {
  return new Command("explain")
    .description(
      "Says which route a request takes and why: the rule that wins, the ones that nearly match, middlewares, endpoints.",
    )
    .argument("<url>", "what the client asks for; the scheme, then the port, says which entry point it comes to")
    .requiredOption("--manifests <dir>", "folder of manifests, a single file, or - for the standard input")
    .option("-X, --request <method>", "method of the request", "GET")
    .addOption(
      new Option("-H, --header <'Name: value'>", "header of the request; may be given more than once")
        .argParser<readonly string[]>(collect)
        .default([], "none"),
    )
    .option("--client-ip <ip>", "address the client comes from", "127.0.0.1")
    .addOption(
      new Option("--entrypoint <NAME[=HOST:PORT[,tls]]>", "the entry point it comes to; or, with an address, one that there is")
        .argParser<EntryPointChoice>(collectEntryPointChoice)
        .default(NO_CHOICE, "by scheme, then port, of web=127.0.0.1:8080 and websecure=127.0.0.1:8443,tls"),
    )
    .addOption(OPTIONS.classes("look only at objects of this ingress class; may be given more than once"))
    .addOption(new Option("--output <format>", "how the answer is printed").choices(["text", "json"]).default("text"))
    .addHelpText("after", HELP)
    .action(run);
}

async function run(url: string, options: ExplainOptions): Promise<void> {
  const store = await loadStore(options.manifests);
  const asked = { url, method: options.request, headers: options.header, clientIp: options.clientIp };
  const report = explainRequest(store, asked, options.entrypoint, options.class);
  process.stdout.write(options.output === "json" ? `${JSON.stringify(report, null, 2)}\n` : explainText(report));
}

/** Explains a request against the objects of a store. Ends the command on wrong use. */
export function explainRequest(
  store: ObjectStore,
  asked: AskedRequest,
  choice: EntryPointChoice,
  classes: readonly string[],
): ExplainReport {
  const url = parseUrl(asked.url);
  const { entryPoint, entryPoints } = chooseEntryPoint(choice, url, store);
  const { exchange, failure } = makeExchange(asked, url, entryPoint);
  const request = { ...asked, host: exchange.host, path: exchange.path, entryPoint: entryPoint.name };
  if (failure !== null) {
    const told = { code: failure.code, message: FAILURE_MEANINGS[failure.code].meaning };
    return {
      request: { ...request, host: "", path: "" },
      winner: null,
      alsoMatching: [],
      nearMisses: [],
      failure: told,
      status: replyTo(failure).status,
    };
  }
  return { request, ...explain(compile(store, entryPoints, classes), entryPoint.name, exchange), failure: null };
}

/** The one graph of all classes that are looked at. */
function compile(store: ObjectStore, entryPoints: readonly EntryPoint[], classes: readonly string[]) {
  const settings = manifestSettings(entryPoints, classes);
  const together = { ...settings, classes: { ...settings.classes, publishAs: "explained" } };
  const compiler = new Compiler(together);
  compiler.update(store, "all");
  const graph = compiler.graph(publishedClasses(together.classes)[0] ?? "");
  assert(graph !== undefined, "a published class has a graph");
  return graph;
}

async function loadStore(path: string): Promise<ObjectStore> {
  const store = new ObjectStore();
  const intake = new Intake(store, new KindCatalog());
  await readManifests(path, intake);
  return store;
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

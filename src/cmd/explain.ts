import { Command, Option } from "commander";
import { ok } from "../kernel/result.ts";
import { EXIT_WRONG_USE, examples, wrongUse } from "./cli.ts";
import { compileObjects, type Load, type ReadObjects, readObjects } from "./compiled-manifests.ts";
import { collectEntryPointChoice, type EntryPointChoice, knownEntryPoints, NO_CHOICE } from "./explain-entry-point.ts";
import type { AskedRequest } from "./explain-request.ts";
import { answerRequests } from "./explain-requests.ts";
import { explainText } from "./explain-text.ts";
import { Explainer, type ExplainReport } from "./explainer.ts";
import { openInput } from "./read-manifests.ts";
import { OPTIONS } from "./run-options.ts";
import { type OperatorFlags, readToolObjects, withOperatorFlags } from "./tool-source.ts";

interface ExplainOptions extends OperatorFlags {
  readonly manifests?: string;
  readonly requests?: string;
  readonly reasons: boolean;
  readonly request: string;
  readonly header: readonly string[];
  readonly clientIp: string;
  readonly entrypoint: EntryPointChoice;
  readonly class: readonly string[];
  readonly output: "text" | "json";
}

const HELP = `
With --requests, each line is a request as {"url": …, "method": …, "headers": {…}, "clientIP": …, "entryPoint": …}, all but url optional,
and has one line of answer; the flags for a single request do not apply. Answers name no near misses unless --reasons asks for them.

Exit codes: 0 explained, whether a route is found or not; 2 wrong use, or a line that is no request.
${examples(
  ["fairway explain http://shop.localhost/api/ --manifests config/samples/demo", "where a request goes, and why"],
  ["fairway explain https://shop.localhost/cart --manifests . -X POST -H 'X-Beta: 1'", "with a method and a header"],
  ["kustomize build . | fairway explain http://shop.test/ --manifests -", "from a pipe"],
  ["fairway explain --requests requests.jsonl --manifests . > answers.jsonl", "thousands of requests a second"],
  ["fairway explain https://shop.example/cart --cluster", "where the operator that kubectl would find sends it"],
)}`;

/** `fairway explain URL`: why a request goes where it goes. */
export function command(): Command {
  return withOperatorFlags(new Command("explain"))
    .description(
      "Says which route a request takes and why: the rule that wins, the ones that nearly match, middlewares, endpoints.",
    )
    .argument("[url]", "what the client asks for; the scheme, then the port, says which entry point it comes to")
    .option("--manifests <dir>", "folder of manifests, a single file, or - for the standard input")
    .option("--requests <file>", "instead of a URL: requests as JSON lines, or - for the standard input")
    .option("--reasons", "with --requests: tell the rules that match too, and the near misses", false)
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

async function run(url: string | undefined, options: ExplainOptions): Promise<void> {
  if ((url === undefined) === (options.requests === undefined)) wrongUse("give one URL, or --requests with a file of requests");
  if (url === undefined) return explainAll(options.requests as string, options);
  const asked = { url, method: options.request, headers: options.header, clientIp: options.clientIp };
  const report = explainOne(await readToolObjects(options.manifests, options), asked, options);
  process.stdout.write(options.output === "json" ? `${JSON.stringify(report, null, 2)}\n` : explainText(report));
}

/** Explains one request against manifests. Ends the command on wrong use. */
export async function explainRequest(
  load: Load,
  asked: AskedRequest,
  { entrypoint, class: classes }: Pick<ExplainOptions, "entrypoint" | "class">,
): Promise<ExplainReport> {
  return explainOne(await readObjects(load), asked, { entrypoint, class: classes });
}

function explainOne(
  read: ReadObjects,
  asked: AskedRequest,
  { entrypoint, class: classes }: Pick<ExplainOptions, "entrypoint" | "class">,
): ExplainReport {
  const explainer = explainerOf(read, entrypoint, classes, /^https:/i.test(asked.url));
  const explained = explainer.explain(asked);
  return explained.ok ? explained.value.report : wrongUse(explained.error);
}

async function explainAll(path: string, options: ExplainOptions): Promise<void> {
  const { manifests, entrypoint, class: classes, reasons } = options;
  if (path === "-" && manifests === "-") wrongUse("the standard input holds either the manifests or the requests");
  const requests = openInput(path);
  const explainer = explainerOf(await readToolObjects(manifests, options), entrypoint, classes, false);
  const wrong = await answerRequests(explainer, requests, process.stdout, reasons);
  if (wrong > 0) process.exitCode = EXIT_WRONG_USE;
}

/** `isTls` is what a chosen entry point is that nobody described. */
function explainerOf(read: ReadObjects, choice: EntryPointChoice, classes: readonly string[], isTls: boolean): Explainer {
  // What an operator does not serve cannot be chosen; manifests alone do not say what there is.
  const known = read.settings === undefined ? knownEntryPoints(choice, read.store, isTls) : ok(choice.entryPoints);
  if (!known.ok) return wrongUse(known.error);
  const { graph, entryPoints } = compileObjects(read, known.value, classes);
  return new Explainer(graph, entryPoints, choice.chosen);
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

import type { ObjectRef } from "../model/object-ref.ts";
import type { MiddlewareStep } from "./explain-middlewares.ts";
import type { ExplainedService } from "./explain-service.ts";
import type { ExplainReport } from "./explainer.ts";
import type { AlsoMatching, NearMiss, Winner } from "./explanation.ts";

/** The explanation for people. */
export function explainText(report: ExplainReport): string {
  return `${[
    ...requestLines(report),
    "",
    ...outcomeLines(report),
    ...listLines("Matches too, but ranks below", report.alsoMatching, () => []),
    ...listLines("Nearly matches", report.nearMisses, (miss: NearMiss) => [`fails: ${miss.failed}`]),
  ].join("\n")}\n`;
}

function requestLines({ request }: ExplainReport): readonly string[] {
  const seen = request.path === "" ? [] : [`  the proxy sees  host ${request.host || "(none)"}, path ${request.path}`];
  return [`${request.method} ${request.url}`, `  entry point     ${request.entryPoint}`, ...seen];
}

function outcomeLines({ winner, status, failure }: ExplainReport): readonly string[] {
  if (failure !== null) return [`${status} — ${failure.message}`];
  if (winner === null) return ["404 — no router matches."];
  return [`${headline(winner, status)}`, ...winnerLines(winner)];
}

function headline(winner: Winner, status: number | null): string {
  if (winner.tombstone !== null) return `503 — the rule that wins cannot be served: ${winner.tombstone.join(", ")}.`;
  if (status === 404) return "404 — no route under the rule that wins matches.";
  if (status === 503) return "503 — the service has no endpoint.";
  const { answer } = winner;
  if (answer === null) return "Goes to the service.";
  return answer.location === null
    ? `${answer.status} — a middleware answers.`
    : `${answer.status} — a middleware redirects to ${answer.location}`;
}

function winnerLines(winner: Winner): readonly string[] {
  return [
    ...field("rule", [winner.rule]),
    ...field("of", [`${objectText(winner.object)}, priority ${winner.priority}`]),
    ...field(
      "under",
      winner.parents.map(({ rule, object }) => `${rule} of ${objectText(object)}`),
    ),
    ...field(
      "middlewares",
      winner.middlewares.map((step, index) => {
        return `${index + 1}. ${step.kind} ${nameText(step.object)}${effectText(step)}`;
      }),
    ),
    ...field("tls", tlsText(winner)),
    ...field("service", winner.service === null ? [] : serviceText(winner.service)),
    ...field(
      "endpoints",
      winner.endpoints.map(({ address, port }) => `${address.includes(":") ? `[${address}]` : address}:${port}`),
    ),
    ...field(
      "problems",
      winner.problems.map(({ code, field: at, message }) => `${code} ${at}: ${message}`),
    ),
  ];
}

function tlsText({ tlsOption }: Winner): readonly string[] {
  if (tlsOption === undefined) return [];
  return [tlsOption === null ? "no connection: its TLSOption cannot be had" : `only connections of ${objectText(tlsOption)}`];
}

/** What a middleware does to the request, as far as it can be seen. */
function effectText({ path, headers }: MiddlewareStep): string {
  const changes = headers.map(({ name, value }) => (value === null ? `no ${name}` : `${name}: ${value}`));
  const effects = path === null ? changes : [path, ...changes];
  return effects.length === 0 ? "" : `  → ${effects.join(", ")}`;
}

/** Lines under one label; none when there is nothing to say. */
function field(label: string, values: readonly string[]): readonly string[] {
  return values.map((value, index) => `  ${(index === 0 ? label : "").padEnd(14)}  ${value}`);
}

function serviceText(service: ExplainedService): readonly string[] {
  if (service.services.length === 0) {
    const host = service.passHostHeader === false ? ", Host of the server" : "";
    return [`${service.object.namespace}/${service.object.name} port ${service.port}${host}`];
  }
  const total = service.services.reduce((sum, member) => sum + member.weight, 0);
  return service.services.flatMap(({ weight, service: member }) => {
    return serviceText(member).map((text) => `${text}, ${weight} of ${total}`);
  });
}

function listLines<T extends AlsoMatching>(
  title: string,
  routers: readonly T[],
  more: (router: T) => readonly string[],
): readonly string[] {
  if (routers.length === 0) return [];
  const entries = routers.flatMap((router) => [
    `  ${router.rule}`,
    `    ${objectText(router.object)}, priority ${router.priority}`,
    ...more(router).map((line) => `    ${line}`),
  ]);
  return ["", `${title}:`, ...entries];
}

function objectText(object: ObjectRef): string {
  return `${object.kind} ${nameText(object)}`;
}

/** Without a namespace for what is in none, as a FairwayClass. */
function nameText({ namespace, name }: ObjectRef): string {
  return namespace === "" ? name : `${namespace}/${name}`;
}

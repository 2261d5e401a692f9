import { objectKey } from "../model/object-ref.ts";
import { serverAuthority } from "../model/server-authority.ts";
import type { ExplainedService } from "./explain-service.ts";
import type { AnswerReport, Explained } from "./explainer.ts";
import type { Expectation } from "./test-cases.ts";

/** What was expected of a request, and what it gets instead. */
export interface Difference {
  readonly field: "object" | "service" | "status" | "path" | `headers.${string}`;
  readonly expected: string;
  readonly actual: string;
}

/** What a request comes to. Where no service sees it, `services` is empty. */
export interface Outcome {
  /** `Kind/namespace/name` of the object whose rule wins; null when none does. */
  readonly object: string | null;
  /** Each `namespace/name:port`, sorted, without those of weight 0. */
  readonly services: readonly string[];
  /** What is answered without a service; null when it goes to a service, whether that has endpoints or not. */
  readonly status: number | null;
  /** The path the service gets; null when the request is refused, or no rule takes it. */
  readonly path: string | null;
  /** Where a middleware redirects to; null when none does. */
  readonly location: string | null;
  /** Codes of the problems for which the rule that wins answers 503; empty when it is served. */
  readonly tombstone: readonly string[];
}

const NOTHING = { services: [], path: null, location: null, tombstone: [] } as const;

/**
 * What a request comes to, as far as manifests can say. Endpoints do not count: a repository seldom holds them, they are the cluster's.
 */
export function outcomeOf({ report, exchange }: Explained<AnswerReport>): Outcome {
  const { winner, status } = report;
  if (winner === null) return { ...NOTHING, object: null, status };
  const object = objectKey(winner.object);
  if (winner.tombstone !== null) return { ...NOTHING, object, status: 503, tombstone: winner.tombstone };
  const { path } = exchange;
  if (winner.answer !== null) {
    return { ...NOTHING, object, status: winner.answer.status, path, location: winner.answer.location };
  }
  if (winner.service === null) return { ...NOTHING, object, status, path };
  return { ...NOTHING, object, services: [...new Set(servicesOf(winner.service))].sort(), status: null, path };
}

/** How what a request comes to differs from what is expected of it. */
export function differencesOf(expected: Expectation, explained: Explained<AnswerReport>): readonly Difference[] {
  const outcome = outcomeOf(explained);
  const found: Difference[] = [];
  const { object, services, status, path, headers } = expected;
  if (object !== undefined && outcome.object !== object && outcome.object?.replace(/^[^/]*\//, "") !== object)
    found.push({ field: "object", expected: object, actual: outcome.object ?? "no route" });
  if (services !== undefined && !areServices(services, outcome.services))
    found.push({ field: "service", expected: services.join(", "), actual: destinationText(outcome) });
  if (status !== undefined && status !== outcome.status)
    found.push({ field: "status", expected: String(status), actual: destinationText(outcome) });
  if (path !== undefined && path !== outcome.path)
    found.push({ field: "path", expected: path, actual: outcome.path ?? destinationText(outcome) });
  for (const [name, values] of headers ?? []) {
    const actual = headerOf(name, outcome, explained);
    if (isSame(values ?? [], actual)) continue;
    found.push({ field: `headers.${name}`, expected: valueText(values ?? []), actual: valueText(actual) });
  }
  return found;
}

/** Where a request ends, in a few words: its services, or the answer it gets without one. */
export function destinationText({ object, services, status, location, tombstone }: Outcome): string {
  if (services.length > 0) return services.join(", ");
  if (tombstone.length > 0) return `${status}, ${tombstone.join(", ")}`;
  if (location !== null) return `${status} to ${location}`;
  return status === 404 && object === null ? "404, no route" : String(status);
}

function servicesOf({ type, object, port, services }: ExplainedService): readonly string[] {
  if (type !== "weighted") return [`${object.namespace}/${object.name}:${port}`];
  return services.filter(({ weight }) => weight > 0).flatMap(({ service }) => servicesOf(service));
}

/** Whether each service is among the expected ones, and each expected one is there; a port counts where one is named. */
function areServices(expected: readonly string[], actual: readonly string[]): boolean {
  const fits = (wanted: string, service: string) => service === wanted || service.slice(0, service.lastIndexOf(":")) === wanted;
  return (
    actual.every((service) => expected.some((wanted) => fits(wanted, service))) &&
    expected.every((wanted) => actual.some((service) => fits(wanted, service)))
  );
}

/** The values the service gets; of an answer, those it has. */
function headerOf(name: string, outcome: Outcome, { report, exchange }: Explained<AnswerReport>): readonly string[] {
  const service = report.winner?.service ?? null;
  if (outcome.services.length > 0 && service !== null)
    return name === "host" ? [...new Set(hostsOf(service, report, exchange.authority))] : exchange.headerValues(name);
  return (report.winner?.answer?.headers ?? []).filter((header) => header.name === name).map(({ value }) => value);
}

/** The Host its servers get: that of the request, or the address of each where the service says so. */
function hostsOf(service: ExplainedService, report: AnswerReport, authority: string): readonly string[] {
  const { object, passHostHeader, services } = service;
  if (services.length > 0)
    return services.filter(({ weight }) => weight > 0).flatMap((member) => hostsOf(member.service, report, authority));
  if (passHostHeader === true) return [authority];
  const own = (report.winner?.endpoints ?? []).filter((endpoint) => endpoint.service === `${object.namespace}/${object.name}`);
  return own.map(serverAuthority);
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

function valueText(values: readonly string[]): string {
  return values.length === 0 ? "none" : values.map((value) => JSON.stringify(value)).join(", ");
}

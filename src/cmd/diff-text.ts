import { objectKey } from "../model/object-ref.ts";
import { counted, problemText } from "./check-report.ts";
import type { DiffCertificate, DiffReport } from "./diff-report.ts";
import type { ChangedField, ChangedRoute, DiffRoute, FieldChange } from "./diff-routes.ts";
import type { RoutedOutcome, TrafficMove } from "./diff-traffic.ts";
import { destinationText } from "./test-outcome.ts";

/** Routes named under one change that they share; of more it says how many. */
const NAMED_MAX = 10;

/** The report for people: `+` is new, `-` is gone, `~` is different. */
export function diffText(report: DiffReport): string {
  if (report.summary.same) return "No difference.\n";
  const { routes, certificates, problems, traffic } = report;
  return `${[
    ...section("Routes", [
      ...routes.removed.flatMap((route) => routeLines("-", route)),
      ...routes.added.flatMap((route) => routeLines("+", route)),
      ...grouped(routes.changed).flatMap(changeLines),
    ]),
    ...section("Certificates", [
      ...certificates.removed.map((one) => certificateText("-", one)),
      ...certificates.added.map((one) => certificateText("+", one)),
      ...certificates.changed.map((one) => certificateText("~", one)),
    ]),
    ...section("Problems", [
      ...problems.gone.map((problem) => `- ${problemText(problem)}`),
      ...problems.new.map((problem) => `+ ${problemText(problem)}`),
    ]),
    ...section("Traffic, by example", traffic.flatMap(moveLines)),
    summaryText(report),
  ].join("\n")}\n`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), ""];
}

function routeLines(mark: string, { object, rule, fields }: DiffRoute): readonly string[] {
  const service = fields.service.join("; ") || "the routes under it";
  const leads = fields.tombstone.length > 0 ? `503, ${fields.tombstone.join(", ")}` : service;
  const entryPoints = fields.entryPoints.join(", ") || "no entry point";
  const place = fields.parents.length > 0 ? `under ${fields.parents.join(", ")}` : `on ${entryPoints}`;
  return [`${mark} ${rule}`, `    ${objectKey(object)}, ${place} → ${leads}`];
}

/** Routes that changed in the same way are told together: an endpoint that goes may concern hundreds. */
function grouped(routes: readonly ChangedRoute[]): readonly (readonly ChangedRoute[])[] {
  return [...Map.groupBy(routes, ({ changes }) => JSON.stringify(changes)).values()];
}

function changeLines(routes: readonly ChangedRoute[]): readonly string[] {
  const named = routes.slice(0, NAMED_MAX).flatMap(({ rule, object }) => [`~ ${rule}`, `    ${objectKey(object)}`]);
  const more = routes.length > NAMED_MAX ? [`~ and ${routes.length - NAMED_MAX} more`] : [];
  return [...named, ...more, ...worthTelling(routes[0]?.changes ?? []).flatMap(fieldLines)];
}

/** A rule that answers 503 leads nowhere: that it has lost its service, or got one back, goes without saying. */
function worthTelling(changes: readonly FieldChange[]): readonly FieldChange[] {
  const isTombstone = changes.some(({ field }) => field === "tombstone");
  return changes.filter(({ field }) => !isTombstone || !LEADING_FIELDS.has(field));
}

const LEADING_FIELDS: ReadonlySet<string> = new Set<ChangedField>(["middlewares", "service", "endpoints"]);

function fieldLines({ field, before, after }: FieldChange): readonly string[] {
  if (field === "tombstone" && after.length === 0) return [`    no longer answers 503: ${before.join(", ")}`];
  if (field === "tombstone") return [`    answers 503: ${after.join(", ")}`];
  if (before.length === 1 && after.length === 1) return [`    ${field}: ${before[0]} → ${after[0]}`];
  const gone = before.filter((value) => !after.includes(value));
  const come = after.filter((value) => !before.includes(value));
  if (gone.length === 0 && come.length === 0) return [`    ${field}, in another order: ${after.join("; ")}`];
  return [`    ${field}:`, ...gone.map((value) => `      - ${value}`), ...come.map((value) => `      + ${value}`)];
}

function certificateText(mark: string, { object, names }: DiffCertificate): string {
  return `${mark} ${objectKey(object)} for ${names.join(", ")}`;
}

function moveLines({ request, before, after }: TrafficMove): readonly string[] {
  const { method, url, headers, entryPoint } = request;
  const flags = headers.map((header) => ` -H '${header.replaceAll("'", "'\\''")}'`).join("");
  const from = request.clientIp === USUAL_CLIENT ? "" : ` from ${request.clientIp}`;
  return [`${method} ${url}${flags}${from} (${entryPoint})`, `    ${outcomeText(before)} → ${outcomeText(after)}`];
}

/** The client of examples whose rules do not ask for one. */
const USUAL_CLIENT = "192.0.2.1";

/** Where a request ends; with the path its service gets, which may be all that is different. */
function outcomeText(outcome: RoutedOutcome): string {
  const destination = destinationText(outcome);
  return outcome.services.length > 0 && outcome.path !== null ? `${destination} as ${outcome.path}` : destination;
}

function summaryText({ summary }: DiffReport): string {
  const { added, removed, changed, newProblems, goneProblems, moved } = summary;
  return [
    `${counted(added, "route")} added, ${removed} removed, ${changed} changed`,
    `${counted(newProblems, "problem")} new, ${goneProblems} gone`,
    `${counted(moved, "example")} of traffic that moves`,
  ].join("; ");
}

import type { LocatedProblem } from "../control/sources/directory/manifest-set.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import { objectKey } from "../model/object-ref.ts";
import type { LiveEvent, RunEvent } from "./run-events.ts";

/** An event as a line for people; null when people need not know. */
export function eventText(event: RunEvent): string | null {
  switch (event.event) {
    case "loaded":
      return `loaded   ${event.directory}: ${count(event.files, "file")}, ${count(event.objects, "object")} in ${duration(event.ms)}`;
    case "listening":
      return `listens  ${entryPointUrl(event.entryPoint)} (${event.entryPoint.name})`;
    case "closed":
      return `closed   ${entryPointUrl(event.entryPoint)} (${event.entryPoint.name})`;
    case "admin":
      return `admin    http://${hostPort(event)}`;
    case "serving":
      return `serves   proxies on http://${hostPort(event)}`;
    case "role":
      return event.role === "serving"
        ? "role     this replica serves the proxies"
        : `role     stands by for ${event.holder || "whoever serves"}`;
    case "reviewing":
      return `reviews  on https://${hostPort(event)}`;
    case "live":
      return `live     ${liveText(event)}`;
    case "published":
      return `publish  ${event.class}: ${count(event.objects, "object")} changed, ${event.version.slice(0, 12)} after ${duration(event.ms)}`;
    case "answered":
      return `answer   ${event.proxyId} (${event.class}): ${answerText(event)}`;
    default:
      return problemText(event);
  }
}

/** Events of something that is not as it should be, or is again. */
function problemText(event: RunEvent): string | null {
  switch (event.event) {
    case "problem":
      return `${event.severity.padEnd(8)} ${locatedText(event)}`;
    case "problemSolved":
      return `solved   ${locatedText(event)}`;
    case "problemsLeftOut":
      return `         and ${event.count} more: see fairway check`;
    case "entryPointFailed":
      return `error    ${event.message}`;
    case "rejected":
      return `error    version ${event.version.slice(0, 12)} did not go live: ${event.reason}`;
    case "workerLost":
      return `error    worker ${event.slot} was lost: ${event.reason}; it is replaced`;
    case "operatorLost":
      return `warning  the operator is lost: ${event.reason}; what is live stays live`;
    case "proxyGone":
      return `gone     ${event.proxyId} (${event.class})`;
    case "polling":
      return `warning  the folder cannot be watched (${event.code}), so it is polled`;
    case "restored":
      return `restored ${count(event.resources, "resource")} of the last good snapshot, version ${event.version.slice(0, 12)}`;
    case "operatorConnected":
      return "joined   the operator";
    case "isolated":
      return "warning  no operator has been heard for long: ClusterIPs take the place of endpoints, and headless services answer 503";
    case "rejoined":
      return "joined   an operator again: endpoints are back";
    case "draining":
      return "draining";
    default:
      return null;
  }
}

/** `file:line Kind/namespace/name field: message (hint)`. */
export function locatedText(problem: LocatedProblem): string {
  const place = problem.file === "" ? "" : `${problem.file}:${problem.line} `;
  const object = problem.object.name === "" ? "" : `${objectKey(problem.object)} `;
  const field = problem.field === "" ? "" : `${problem.field}: `;
  return `${place}${object}${field}${problem.message}${problem.hint === "" ? "" : ` (${problem.hint})`}`;
}

function liveText({ ms, objects, routers, refused, version }: LiveEvent): string {
  const what =
    objects === null || routers === null
      ? `version ${version.slice(0, 12)}`
      : `${count(objects, "object")}, ${count(routers.length, "route")} changed`;
  const wrong = refused.map(({ id, reason }) => `\nerror    ${id}: ${reason}`).join("");
  return `after ${duration(ms)}: ${what}${wrong}`;
}

function answerText({ version, refused, whole }: Extract<RunEvent, { readonly event: "answered" }>): string {
  if (whole !== null) return `did not take ${version.slice(0, 12)}: ${whole}`;
  return `runs ${version.slice(0, 12)}${refused.map(({ id, reason }) => `\nerror    ${id}: ${reason}`).join("")}`;
}

function entryPointUrl({ host, port, tls }: EntryPoint): string {
  return `${tls ? "https" : "http"}://${hostPort({ host: host || "0.0.0.0", port })}`;
}

function hostPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

function duration(ms: number): string {
  return ms < 10_000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

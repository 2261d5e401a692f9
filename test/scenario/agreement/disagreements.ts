import type { AnswerLine } from "../../../src/cmd/explain-requests.ts";
import { MARK_HEADER } from "./random-folder.ts";
import type { RandomRequest } from "./random-request.ts";
import type { RealAnswer } from "./real-answers.ts";

export interface Told {
  readonly request: RandomRequest;
  readonly explained: AnswerLine;
  readonly real: RealAnswer;
}

type Explained = Exclude<AnswerLine, { readonly error: string }>;

/**
 * All that `explain` says of a request and a running proxy does not do, in words; empty where they agree. `serverPorts`: those of the
 * servers there are, which are named by their place among them.
 */
export function disagreements({ request, explained, real }: Told, serverPorts: readonly number[]): readonly string[] {
  if ("error" in explained) return [`explain calls it no request (${explained.error}), the proxy answers ${real.status}`];
  const { winner, status } = explained;
  if (winner === null || status !== null) return differ("status", status, real.status).concat(isUnanswered(real));
  if (winner.answer !== null) {
    const { status: answered, location } = winner.answer;
    return [...differ("status", answered, real.status), ...differ("location", location, real.location), ...isUnanswered(real)];
  }
  const { echo } = real;
  if (echo === null && real.status === 503 && hasIdleMember(winner)) return [];
  if (echo === null) return [`explain says a server answers, the proxy answers ${real.status}`];
  const servers = winner.endpoints.map(({ port }) => String(serverPorts.indexOf(port)));
  return [
    ...(servers.includes(echo.server) ? [] : [`server: explain says ${servers.join(" or ")}, it was ${echo.server}`]),
    ...differ(
      "routes",
      marks(winner.middlewares.flatMap((step) => step.headers.map(({ name }) => name))),
      marks(Object.keys(echo.headers)),
    ),
    ...differ("target", targetOf(explained, request), echo.path),
    ...differentHeaders(winner, echo.headers),
  ];
}

function differ(what: string, explained: unknown, real: unknown): readonly string[] {
  return explained === real ? [] : [`${what}: explain says ${explained}, the proxy ${real}`];
}

function isUnanswered({ echo }: RealAnswer): readonly string[] {
  return echo === null ? [] : [`explain says no server answers, but ${echo.server} did`];
}

/** Whether one of the services that share the requests has no server: its share is answered 503. */
function hasIdleMember({ service, endpoints }: NonNullable<Explained["winner"]>): boolean {
  return (service?.services ?? []).some(({ weight, service: { object } }) => {
    return weight > 0 && endpoints.every((endpoint) => endpoint.service !== `${object.namespace}/${object.name}`);
  });
}

/** The marks of the rules that a request passed, in one text; an Ingress has none. */
function marks(headers: readonly string[]): string {
  const names = headers.filter((name) => name.startsWith(MARK_HEADER));
  return names.sort().join(" ");
}

function targetOf({ request, winner }: Explained, { target }: RandomRequest): string {
  const path = winner?.middlewares.findLast((step) => step.path !== null)?.path ?? request.path;
  const query = target.indexOf("?");
  return query < 0 ? path : path + target.slice(query);
}

function differentHeaders(
  { middlewares, service, endpoints }: NonNullable<Explained["winner"]>,
  got: Readonly<Record<string, string | readonly string[]>>,
): readonly string[] {
  const last = new Map(middlewares.flatMap((step) => step.headers.map(({ name, value }) => [name, value] as const)));
  const hosts = [service, ...(service?.services ?? []).map((member) => member.service)];
  if (hosts.some((one) => one?.passHostHeader === false)) {
    const host = String(got.host);
    const own = endpoints.map(({ address, port }) => `${address}:${port}`);
    const isPassed = hosts.some((one) => one?.passHostHeader === true);
    if (!own.includes(host) && !isPassed) return [`header host: explain says ${own.join(" or ")}, the proxy ${host}`];
    if (own.includes(host)) last.delete("host");
  }
  return [...last].flatMap(([name, value]) => differ(`header ${name}`, value, got[name] ?? null));
}

import type { Headers } from "../../../schema/gen/middleware.ts";
import { entryField, headerNameProblem, headerValueProblem } from "../configured-header.ts";
import { invalidOption, type OptionProblem } from "../contract.ts";
import type { Exchange } from "../exchange.ts";

/** What to do with the headers of one message. Names are lower case and occur once. */
export interface HeaderEdits {
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
}

export interface CustomHeaders {
  readonly request: HeaderEdits;
  /** The Host to send upstream; null keeps it. */
  readonly authority: string | null;
  readonly response: HeaderEdits;
}

/** Checks and normalises `customRequestHeaders` and `customResponseHeaders`; null when neither says anything. */
export function prepareCustomHeaders(spec: Headers, problems: OptionProblem[]): CustomHeaders | null {
  const { host, ...requestHeaders } = byLowerName(spec.customRequestHeaders ?? {}, "customRequestHeaders", problems);
  const responseHeaders = byLowerName(spec.customResponseHeaders ?? {}, "customResponseHeaders", problems);
  if (host !== undefined && !/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$/.test(host)) {
    const hint = "write a host name, with a port where it needs one";
    problems.push(invalidOption(entryField("customRequestHeaders", "Host"), `${JSON.stringify(host)} is not a host`, hint));
  }
  const request = editsOf(requestHeaders);
  const response = editsOf(responseHeaders);
  if (host === undefined && isEmpty(request) && isEmpty(response)) return null;
  return { request, authority: host ?? null, response };
}

/** Allocates: nothing of its own. */
export function editRequest(exchange: Exchange, { request, authority }: CustomHeaders): void {
  for (const name of request.remove) exchange.removeRequestHeader(name);
  for (const [name, value] of request.set) exchange.setRequestHeader(name, value);
  if (authority !== null) exchange.setAuthority(authority);
}

/** Allocates: nothing of its own. */
export function editResponse(exchange: Exchange, { response }: CustomHeaders): void {
  for (const name of response.remove) exchange.removeResponseHeader(name);
  for (const [name, value] of response.set) exchange.setResponseHeader(name, value);
}

function byLowerName(
  headers: Readonly<Record<string, string>>,
  option: string,
  problems: OptionProblem[],
): Record<string, string> {
  const seen = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const field = entryField(option, name);
    const problem = headerNameProblem(name, field) ?? headerValueProblem(value, field);
    if (problem !== undefined) problems.push(problem);
    else if (seen.has(name.toLowerCase()))
      problems.push(invalidOption(field, `${name} is there twice, in different spellings`, "keep one"));
    else seen.set(name.toLowerCase(), value.trim());
  }
  return Object.fromEntries(seen);
}

function editsOf(headers: Readonly<Record<string, string>>): HeaderEdits {
  const entries = Object.entries(headers);
  return {
    set: entries.filter(([, value]) => value !== ""),
    remove: entries.filter(([, value]) => value === "").map(([name]) => name),
  };
}

/** Whether nothing is set or removed. */
export function isEmpty(edits: HeaderEdits): boolean {
  return edits.set.length === 0 && edits.remove.length === 0;
}

import type { EntryPoint } from "../model/entry-point.ts";
import type { Rule } from "../model/rule.ts";
import { type Draft, draftsOf, type NamedValues, withoutNegations } from "./diff-draft.ts";
import type { AskedRequest } from "./explain-request.ts";

/** A request to ask about, that names its entry point. */
export type ExampleRequest = AskedRequest & { readonly entryPoint: string };

/** How many ways of putting a draft together are tried. */
const TRIES_MAX = 64;

/** What is tried where a rule says nothing; the first is what people expect to read, a `!` may need another. */
const ANY: Pick<Draft, "hosts" | "paths" | "methods" | "clientIps"> = {
  hosts: ["example.test", "other.test"],
  paths: ["/", "/example"],
  methods: ["GET", "POST", "PUT"],
  clientIps: ["192.0.2.1", "10.0.0.1", "2001:db8::1"],
};

/**
 * Requests that fulfil a rule on an entry point, one for each way its `||` leave, and one just outside of each `!`. `isFulfilled` says
 * whether a request fulfils the rule; what does not is left out.
 */
export function examplesOf(
  rule: Rule,
  entryPoint: EntryPoint,
  isFulfilled: (request: ExampleRequest) => boolean,
): readonly ExampleRequest[] {
  const inside = draftsOf(rule).flatMap((draft) => firstOf(draft, entryPoint, isFulfilled));
  const outside = withoutNegations(rule).flatMap((flipped) =>
    draftsOf(flipped).flatMap((draft) => firstOf(draft, entryPoint, () => true)),
  );
  return [...inside, ...outside];
}

/** The first request of a draft that will do, or none. */
function firstOf(draft: Draft, entryPoint: EntryPoint, isFit: (request: ExampleRequest) => boolean): readonly ExampleRequest[] {
  let tries = 0;
  for (const request of requestsOf(draft, entryPoint)) {
    if (isFit(request)) return [request];
    if (++tries >= TRIES_MAX) break;
  }
  return [];
}

function* requestsOf(draft: Draft, entryPoint: EntryPoint): Iterable<ExampleRequest> {
  for (const clientIp of orAny(draft.clientIps, ANY.clientIps)) {
    for (const method of orAny(draft.methods, ANY.methods)) {
      for (const host of orAny(draft.hosts, ANY.hosts)) {
        for (const path of orAny(draft.paths, ANY.paths)) {
          for (let turn = 0; turn < turnsOf(draft); turn++) {
            const headers = [...turned(draft.headers, turn)].map(([name, value]) => `${name}: ${value}`);
            yield {
              url: urlOf(entryPoint, host, path, draft.query, turn),
              method,
              headers,
              clientIp,
              entryPoint: entryPoint.name,
            };
          }
        }
      }
    }
  }
}

function orAny(values: readonly string[], any: readonly string[]): readonly string[] {
  return values.length === 0 ? any : values;
}

/** How often headers and parameters change through all their values. */
function turnsOf({ headers, query }: Draft): number {
  return Math.max(1, ...headers.map(({ values }) => values.length), ...query.map(({ values }) => values.length));
}

function* turned(named: readonly NamedValues[], turn: number): Iterable<readonly [name: string, value: string]> {
  for (const { name, values } of named) if (values.length > 0) yield [name, values[turn % values.length] as string];
}

function urlOf({ tls }: EntryPoint, host: string, path: string, query: readonly NamedValues[], turn: number): string {
  const search = [...turned(query, turn)].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  return `${tls ? "https" : "http"}://${host}${encodePath(path)}${search.length === 0 ? "" : `?${search.join("&")}`}`;
}

/** A path of a rule as a URL has it: what would end the path is encoded. */
function encodePath(path: string): string {
  return path.replace(/[?#]/g, encodeURIComponent);
}

import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";

/** Whether a value of a field is honoured. */
type Honoured = (value: unknown) => boolean;

/**
 * Every field the schema knows, by name: honoured with every value, with some, with none, or as far as a table of its own says. What
 * the schema does not know is not here (its check tells it, and it has no effect); a test holds the tables to the schema.
 */
export interface FieldTable {
  readonly [field: string]: Honoured | FieldTable;
}

const anything: Honoured = () => true;
const unsupported: Honoured = () => false;
const only =
  (...values: readonly unknown[]): Honoured =>
  (value) =>
    values.includes(value);

/** `spec` of an IngressRoute; each of `routes` is judged by `ROUTE_FIELDS`. */
export const INGRESS_ROUTE_FIELDS: FieldTable = {
  ingressClassName: anything,
  entryPoints: anything,
  routes: anything,
  tls: {
    secretName: anything,
    options: unsupported,
    store: unsupported,
    certResolver: unsupported,
    domains: unsupported,
  },
  parentRefs: anything,
};

/** One of `spec.routes`; each of `services` is judged by `SERVICE_FIELDS`. */
export const ROUTE_FIELDS: FieldTable = {
  match: anything,
  kind: only("Rule"),
  syntax: only("v3"),
  priority: anything,
  middlewares: anything,
  services: anything,
  observability: {
    accessLogs: unsupported,
    metrics: unsupported,
    tracing: unsupported,
    traceVerbosity: unsupported,
  },
};

/** One of a route's `services`. Bodies are streamed as they come, so every `responseForwarding.flushInterval` is kept. */
export const SERVICE_FIELDS: FieldTable = {
  name: anything,
  namespace: anything,
  kind: only("Service"),
  port: anything,
  weight: anything,
  scheme: only("http"),
  strategy: only("wrr", "RoundRobin"),
  passHostHeader: anything,
  responseForwarding: { flushInterval: anything },
  serversTransport: unsupported,
  nativeLB: only(false),
  nodePortLB: only(false),
  sticky: { cookie: unsupported },
  healthCheck: unsupported,
  passiveHealthCheck: unsupported,
  middlewares: unsupported,
};

/** A `NotSupported` problem for every field that is set to what is not honoured. `null`, "" and empty lists count as not set. */
export function unsupportedFields(value: unknown, table: FieldTable, object: ObjectRef, path: string): readonly Problem[] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([field, member]) => {
    const entry = Object.hasOwn(table, field) ? table[field] : undefined;
    if (entry === undefined || isUnset(member)) return [];
    const at = `${path}.${field}`;
    if (typeof entry === "object") return unsupportedFields(member, entry, object, at);
    if (entry(member)) return [];
    const option = at.replace(/^.*\]\.|^spec\./, "");
    const what = entry === unsupported ? `"${option}" is` : `"${option}" with the value ${JSON.stringify(member)} is`;
    return [notSupported(object, at, `${what} not supported yet; the route answers 503.`)];
  });
}

/** The problem of an option that is known and cannot be honoured yet. */
export function notSupported(object: ObjectRef, field: string, message: string, hint = ""): Problem {
  return problem("NotSupported", object, field, message, hint);
}

function isUnset(value: unknown): boolean {
  return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

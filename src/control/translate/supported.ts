import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";

/** Whether a value of a field is honoured. */
type Honoured = (value: unknown) => boolean;

/** The fields that work, by name: with every value, with some, or as far as a table of their own says. */
export interface FieldTable {
  readonly [field: string]: Honoured | FieldTable;
}

const anything: Honoured = () => true;
const only =
  (...values: readonly unknown[]): Honoured =>
  (value) =>
    values.includes(value);

/** `spec` of an IngressRoute; each of `routes` is judged by `ROUTE_FIELDS`. */
export const INGRESS_ROUTE_FIELDS: FieldTable = {
  ingressClassName: anything,
  entryPoints: anything,
  routes: anything,
  tls: { secretName: anything },
};

/** One of `spec.routes`; each of `services` is judged by `SERVICE_FIELDS`. */
export const ROUTE_FIELDS: FieldTable = {
  match: anything,
  kind: only("Rule"),
  syntax: only("v3"),
  priority: anything,
  middlewares: anything,
  services: anything,
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
  nativeLB: only(false),
  nodePortLB: only(false),
};

/**
 * A `NotSupported` problem for every field that is set and not in the table. `null`, "", empty lists and empty objects count as
 * not set.
 */
export function unsupportedFields(value: unknown, table: FieldTable, object: ObjectRef, path: string): readonly Problem[] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([field, member]) => {
    if (isUnset(member)) return [];
    const entry = Object.hasOwn(table, field) ? table[field] : undefined;
    const at = `${path}.${field}`;
    if (typeof entry === "object") return unsupportedFields(member, entry, object, at);
    if (entry?.(member)) return [];
    return [
      notSupported(
        object,
        at,
        entry === undefined ? `${at} is not supported yet.` : `${at}: ${show(member)} is not supported yet.`,
      ),
    ];
  });
}

/** The problem of an option that is known and cannot be honoured yet. */
export function notSupported(object: ObjectRef, field: string, message: string): Problem {
  return problem("NotSupported", object, field, message, "Remove it, or serve this route elsewhere until it is supported.");
}

function isUnset(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function show(value: unknown): string {
  return typeof value === "object" ? "this value" : JSON.stringify(value);
}

import { hash } from "node:crypto";
import { canonicalJson } from "../../kernel/canonical-json.ts";
import { CONDITION_TYPES, type Condition, type TransitionTimes, transitionTimes } from "./conditions.ts";
import type { StatusFamily } from "./status-kinds.ts";

/** What is remembered of the status an object has on the API server: enough to know whether it says what we would write. */
export interface SeenStatus {
  /** Hash of all we write but times; "" when none of it is there. */
  readonly fingerprint: string;
  readonly times: TransitionTimes;
  /** The generation for which Programmed is true; -1 when it is not. */
  readonly programmedGeneration: number;
  /** Whether a controller of our name has written it. An Ingress cannot say so. */
  readonly isOurs: boolean;
}

export const NOTHING_SEEN: SeenStatus = { fingerprint: "", times: new Map(), programmedGeneration: -1, isOurs: false };

/** A status as any of our kinds has it; what the API server sends is not trusted to be of this form. */
interface AnyStatus {
  readonly controllerName?: unknown;
  readonly observedGeneration?: unknown;
  readonly conditions?: unknown;
  readonly controllers?: unknown;
  readonly loadBalancer?: { readonly ingress?: unknown } | null;
  readonly [member: string]: unknown;
}

/** Members of a status that we write, beside conditions. */
const MEMBERS = ["controllerName", "observedGeneration", "kind", "hosts", "problems", "entryPoints", "proxies"] as const;

/** Reads the part of a status that is ours. */
export function readStatus(family: StatusFamily, status: unknown, controllerName: string): SeenStatus {
  const whole = isRecord(status) ? status : {};
  if (family === "ingress") return readAddresses(whole);
  const part = family === "shared" ? entryOf(whole, controllerName) : whole;
  const conditions = conditionsOf(part);
  const said = Object.fromEntries(MEMBERS.map((name) => [name, part[name]]));
  // An object nobody has written about has the schema's default and nothing else.
  if (conditions.length === 0 && part.controllerName === undefined) return NOTHING_SEEN;
  const timeless = conditions.map(({ lastTransitionTime: _, ...condition }) => condition);
  const programmed = conditions.find(({ type, status: held }) => type === "Programmed" && held === "True");
  return {
    fingerprint: fingerprintOf({ ...said, conditions: timeless }),
    times: transitionTimes(conditions),
    programmedGeneration: programmed?.observedGeneration ?? -1,
    isOurs: part.controllerName === controllerName,
  };
}

/** The fingerprint of addresses in the status of an Ingress; "" for none. */
export function addressesFingerprint(addresses: readonly unknown[]): string {
  return addresses.length === 0 ? "" : fingerprintOf(addresses);
}

function readAddresses({ loadBalancer }: AnyStatus): SeenStatus {
  const ingress = loadBalancer?.ingress;
  return Array.isArray(ingress) && ingress.length > 0 ? { ...NOTHING_SEEN, fingerprint: fingerprintOf(ingress) } : NOTHING_SEEN;
}

function entryOf({ controllers }: AnyStatus, controllerName: string): AnyStatus {
  const entries = Array.isArray(controllers) ? controllers.filter(isRecord) : [];
  return entries.find((entry) => entry.controllerName === controllerName) ?? {};
}

/** Our conditions, sorted by type. */
function conditionsOf({ conditions }: AnyStatus): readonly Partial<Condition>[] {
  const all = (Array.isArray(conditions) ? conditions.filter(isRecord) : []) as readonly Partial<Condition>[];
  return all
    .filter(({ type }) => CONDITION_TYPES.has(type ?? ""))
    .sort((a, b) => ((a.type as string) < (b.type as string) ? -1 : 1));
}

function fingerprintOf(value: unknown): string {
  return hash("sha1", canonicalJson(value), "base64");
}

function isRecord(value: unknown): value is AnyStatus {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

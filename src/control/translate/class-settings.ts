import { parseDurationMs, TIMER_MAX_MS } from "../../kernel/duration.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { DrainSettings } from "../../model/proxy-settings.ts";
import type { Drain, FairwayClassSpec } from "../../schema/gen/fairway-class.ts";
import type { StoredObject } from "../store/stored-object.ts";
import type { CompileSettings } from "./settings.ts";
import type { ClassRoster, Obstacle } from "./translation.ts";

/** The ServiceAccount and the Service of the proxies of a class that does not say; in the operator's namespace. */
export const PROXY_NAME = "fairway-proxy";

/** What one ingress class is configured as, entry points aside: from its FairwayClass, else defaults. */
export interface ClassSettings {
  readonly className: string;
  /** The FairwayClass the settings come from; null: defaults. */
  readonly origin: ObjectRef | null;
  /** Who the proxies are: they alone get what the class serves. */
  readonly serviceAccount: ObjectRef;
  /** The Service in front of the proxies. */
  readonly service: ObjectRef;
  readonly publish: Publishing;
  readonly drain: DrainSettings;
  /** Null leaves it to the proxies' default; 0: never. */
  readonly clusterIPAfterMs: number | null;
  readonly allowExternalName: boolean;
}

/** Which addresses Ingresses get: given ones, else those of a Service; with neither, those of the proxies' Service. */
export interface Publishing {
  readonly service: ObjectRef | null;
  readonly addresses: readonly string[];
}

/** What can be asked about objects to learn of a class: the store, or any view of it. */
export interface ClassObjects {
  get(kind: string, namespace: string, name: string): StoredObject | undefined;
}

/** The FairwayClass an IngressClass names: none, one, or why it cannot be had. */
export type ParametersFound =
  | { readonly found: "none" }
  | { readonly found: "object"; readonly object: StoredObject }
  | { readonly found: "obstacle"; readonly obstacle: Obstacle };

interface Parameters {
  readonly apiGroup?: string | null;
  readonly kind?: string | null;
  readonly name?: string | null;
  readonly scope?: string | null;
  readonly namespace?: string | null;
}

/**
 * The settings of a class as its objects say now, or null when its FairwayClass cannot be had: then nobody may be taken for one of its
 * proxies. Pure: the same objects give the same settings. `Compiler.settingsOf` also knows what was good before.
 */
export function classSettings(className: string, view: ClassObjects, defaults: CompileSettings): ClassSettings | null {
  const parameters = parametersOf(className, view);
  if (parameters.found === "obstacle") return null;
  return settingsFrom(className, parameters.found === "object" ? parameters.object : null, defaults);
}

/** Follows `spec.parameters` of an IngressClass. A class without IngressClass has none. */
export function parametersOf(className: string, view: ClassObjects): ParametersFound {
  const ingressClass = view.get("IngressClass", "", className);
  const spec = (ingressClass?.body.spec ?? {}) as { readonly parameters?: Parameters | null };
  const parameters = spec.parameters ?? null;
  if (parameters === null) return { found: "none" };
  const { apiGroup, kind, name, scope, namespace } = parameters;
  if (apiGroup !== "fairway.dev" || kind !== "FairwayClass" || (scope ?? "Cluster") !== "Cluster" || namespace) {
    const message = `The parameters are a ${kind ?? "?"} of group "${apiGroup ?? ""}"; only a FairwayClass of fairway.dev, which is cluster-scoped, can be.`;
    const hint = "Write apiGroup: fairway.dev, kind: FairwayClass, scope: Cluster, and no namespace.";
    return { found: "obstacle", obstacle: { code: "ParametersRefused", message, hint } };
  }
  const object = view.get("FairwayClass", "", name ?? "");
  if (object !== undefined) return { found: "object", object };
  const message = `FairwayClass "${name ?? ""}" does not exist.`;
  return { found: "obstacle", obstacle: { code: "FairwayClassNotFound", message, hint: "" } };
}

/** The settings that a FairwayClass says; null: the defaults. */
export function settingsFrom(
  className: string,
  fairwayClass: StoredObject | null,
  { operatorNamespace, allowExternalName }: CompileSettings,
): ClassSettings {
  const { proxies, publish, drain, services, isolation } = specOf(fairwayClass);
  const proxy = { namespace: operatorNamespace, name: PROXY_NAME };
  const service: ObjectRef = { kind: "Service", ...(proxies?.service ?? proxy) };
  const { clusterIPAfterMs = null } = member("clusterIPAfterMs", isolation?.clusterIPAfter);
  return {
    className,
    origin: fairwayClass?.ref ?? null,
    serviceAccount: { kind: "ServiceAccount", ...(proxies?.serviceAccount ?? proxy) },
    service,
    publish: {
      service: publish?.service ? { kind: "Service", ...publish.service } : null,
      addresses: publish?.addresses ?? [],
    },
    drain: drainOf(drain ?? {}),
    clusterIPAfterMs,
    allowExternalName: services?.allowExternalName ?? allowExternalName,
  };
}

/** What a FairwayClass says; nothing where there is none. */
export function specOf(fairwayClass: StoredObject | null): FairwayClassSpec {
  return (fairwayClass?.body.spec ?? {}) as FairwayClassSpec;
}

/**
 * The class that proxies of each ServiceAccount serve, by `namespace/name` of the account. Where several classes name one account, the
 * oldest has it, so that nobody takes proxies over by making a class. `settingsOf` gives those of a class: null and undefined mean that
 * nobody is one of its proxies.
 */
export function classesByAccount(
  { candidates }: Pick<ClassRoster, "candidates">,
  settingsOf: (className: string) => ClassSettings | null | undefined,
): ReadonlyMap<string, string> {
  const classes = new Map<string, string>();
  for (const name of candidates) {
    const account = settingsOf(name)?.serviceAccount;
    const key = account === undefined ? "" : accountKey(account);
    if (account !== undefined && !classes.has(key)) classes.set(key, name);
  }
  return classes;
}

/** `namespace/name` of a ServiceAccount. */
export function accountKey({ namespace, name }: Pick<ObjectRef, "namespace" | "name">): string {
  return `${namespace}/${name}`;
}

function drainOf({ delay, quietPeriod, timeout, sessionTimeout }: Drain): DrainSettings {
  return {
    ...member("delayMs", delay),
    ...member("quietMs", quietPeriod),
    ...member("deadlineMs", timeout),
    ...member("sessionMs", sessionTimeout),
  };
}

function member<Name extends string>(name: Name, duration: string | null | undefined): { readonly [name in Name]?: number } {
  const ms = duration === null || duration === undefined ? null : parseDurationMs(duration);
  return ms === null || ms > TIMER_MAX_MS ? {} : ({ [name]: ms } as { [name in Name]: number });
}

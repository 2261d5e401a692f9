import { parseDurationMs, TIMER_MAX_MS } from "../../kernel/duration.ts";
import type { EntryPoint } from "../../model/entry-point.ts";
import { resourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { ProxySettings } from "../../model/proxy-settings.ts";
import type { Resource } from "../../model/resource.ts";
import type { EntryPoint as EntryPointSpec, FairwayClassSpec } from "../../schema/gen/fairway-class.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { type ClassSettings, settingsFrom, specOf } from "./class-settings.ts";
import { redirectResources } from "./entry-point-redirect.ts";
import { listenAddress, translateEntryPoint } from "./fairway-entry-point.ts";
import { resolveMiddlewares } from "./middleware-list.ts";
import type { CompileSettings } from "./settings.ts";
import { FAIRWAY_CLASS_FIELDS, unsupportedFields } from "./supported.ts";
import { tlsDefaults } from "./tls-defaults.ts";
import type { ServedEntryPoint, TranslateView } from "./translation.ts";

/** What a class is made of, from its FairwayClass, or from defaults. */
export interface ClassMakeup {
  readonly settings: ClassSettings;
  readonly served: readonly ServedEntryPoint[];
  /** Names of entry points that are described and cannot be opened. */
  readonly unopened: readonly string[];
  /** Entry points, redirects between them, and what proxies are told beside. */
  readonly resources: readonly Resource[];
  /** The entry points whose form is good, as written, by name: what counts where a later form cannot be honoured. */
  readonly good: ReadonlyMap<string, EntryPointSpec>;
  readonly problems: readonly Problem[];
}

/**
 * Reads the FairwayClass of a class; null: there is none, the defaults count. `former` are entry points that were good before: they
 * stand in for those of the same name that cannot be honoured.
 */
export function makeClass(
  className: string,
  fairwayClass: StoredObject | null,
  former: ReadonlyMap<string, EntryPointSpec>,
  view: TranslateView,
  settings: CompileSettings,
): ClassMakeup {
  const own = settingsFrom(className, fairwayClass, settings);
  const spec = specOf(fairwayClass);
  const isDefault = fairwayClass === null || settings.keepsEntryPoints === true || (spec.entryPoints ?? []).length === 0;
  const opened = isDefault
    ? defaultEntryPoints(settings)
    : entryPointsOf(spec, fairwayClass, former, view, settings, own.service);
  const proxies = fairwayClass === null ? [] : proxySettings(fairwayClass.ref, spec, own);
  return {
    settings: own,
    ...opened,
    resources: [...opened.resources, ...proxies, ...tlsDefaults(className, view, settings)],
    problems: [...opened.problems, ...(fairwayClass === null ? [] : problemsOf(fairwayClass.ref, spec))],
  };
}

type Opened = Omit<ClassMakeup, "settings">;

function defaultEntryPoints({ entryPoints }: CompileSettings): Opened {
  const served = entryPoints.map(({ name, tls }) => ({ name, tls, isDefault: true, middlewares: [], obstacles: [] }));
  return { served: served.sort(byName), unopened: [], resources: entryPoints, good: new Map(), problems: [] };
}

function entryPointsOf(
  { entryPoints = [] }: FairwayClassSpec,
  owner: StoredObject,
  former: ReadonlyMap<string, EntryPointSpec>,
  view: TranslateView,
  settings: CompileSettings,
  proxies: ObjectRef,
): Opened {
  const good = new Map<string, EntryPointSpec>();
  const open = new Map<string, EntryPoint>();
  const problems: Problem[] = [];
  for (const [index, spec] of entryPoints.entries()) {
    const translated = translateEntryPoint(spec, owner.ref, `spec.entryPoints[${index}]`);
    problems.push(...translated.problems);
    const counting = translated.entryPoint === null ? former.get(spec.name) : spec;
    const entryPoint = translated.entryPoint ?? (counting && translateEntryPoint(counting, owner.ref, "").entryPoint);
    if (counting !== undefined && entryPoint) good.set(spec.name, counting);
    open.set(spec.name, entryPoint || unhonoured(spec, owner.ref));
  }
  const counting = entryPoints.map((spec) => good.get(spec.name) ?? spec);
  const someAreDefault = counting.some(({ asDefault }) => asDefault === true);
  const served = counting.map((spec, index): ServedEntryPoint => {
    const { name } = spec;
    const tls = open.get(name)?.tls === true;
    const treatment = middlewaresOf(spec, owner.ref, `spec.entryPoints[${index}].middlewares`, view, settings);
    problems.push(...treatment.obstacles);
    return { name, tls, isDefault: !someAreDefault || spec.asDefault === true, ...treatment };
  });
  const redirects = counting.flatMap(({ name, redirect }) => {
    const [from, to] = [open.get(name), open.get(redirect?.to ?? "")];
    return redirect && from && to ? redirectResources(from, to, redirect, owner, view, proxies) : [];
  });
  return {
    served: served.sort(byName),
    unopened: entryPoints.flatMap(({ name }) => (good.has(name) ? [] : [name])),
    resources: [...open.values(), ...redirects],
    good,
    problems,
  };
}

/**
 * What stands for an entry point that cannot be honoured and was not good before, as far as this operator knows: a proxy may have it
 * open from another operator, with routes on it.
 */
function unhonoured({ name, address, tls }: EntryPointSpec, owner: ObjectRef): EntryPoint {
  const id = resourceId("entryPoint", owner, name);
  const { host, port } = listenAddress(address) ?? { host: "", port: 0 };
  return { id, name, host, port, tls: (tls ?? null) !== null, trustedProxies: [], asBefore: true };
}

/** A FairwayClass belongs to no namespace, and whoever may write one may refer to any. */
function middlewaresOf(
  { middlewares }: EntryPointSpec,
  owner: ObjectRef,
  field: string,
  view: TranslateView,
  settings: CompileSettings,
): Pick<ServedEntryPoint, "middlewares" | "obstacles"> {
  const lists = (middlewares ?? []).map(({ name, namespace }, index) =>
    resolveMiddlewares([{ name, field: `${field}[${index}]` }], { ...owner, namespace }, view, settings),
  );
  return {
    middlewares: lists.flatMap(({ ids }) => ids),
    obstacles: lists.flatMap(({ problems }) => problems.map((one): Problem => ({ ...one, object: owner }))),
  };
}

function proxySettings(
  origin: ObjectRef,
  { isolation }: FairwayClassSpec,
  { drain, clusterIPAfterMs }: ClassSettings,
): readonly ProxySettings[] {
  const says = {
    ...(Object.keys(drain).length === 0 ? {} : { drain }),
    ...((isolation?.clusterIPAfter ?? null) === null || clusterIPAfterMs === null ? {} : { clusterIPAfterMs }),
  };
  return Object.keys(says).length === 0 ? [] : [{ id: resourceId("settings", origin), origin, ...says }];
}

function problemsOf(ref: ObjectRef, spec: FairwayClassSpec): readonly Problem[] {
  const { drain, isolation } = spec;
  const times = [
    ["spec.drain.delay", drain?.delay],
    ["spec.drain.quietPeriod", drain?.quietPeriod],
    ["spec.drain.timeout", drain?.timeout],
    ["spec.drain.sessionTimeout", drain?.sessionTimeout],
    ["spec.isolation.clusterIPAfter", isolation?.clusterIPAfter],
  ] as const;
  const tooLong = times.filter(([, text]) => (parseDurationMs(text ?? "0s") ?? 0) > TIMER_MAX_MS);
  return [
    ...unsupportedFields(spec, FAIRWAY_CLASS_FIELDS, ref, "spec", "it has no effect"),
    ...tooLong.map(([field, text]) =>
      problem("SettingInvalid", ref, field, `"${text}" is longer than a proxy can wait (24 days); the default counts.`),
    ),
  ];
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

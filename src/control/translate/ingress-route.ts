import { matchers } from "../../extensions/matchers/registry.gen.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { Problem } from "../../model/problem.ts";
import type { Router } from "../../model/router.ts";
import type { Weighted } from "../../model/service.ts";
import { parseRule } from "../../rules/parser.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { entryPointsOf } from "./entry-points.ts";
import { classOf } from "./ingress-class.ts";
import { Layers, type Place } from "./layers.ts";
import { resolveMiddlewares } from "./middleware-list.ts";
import { makeRouters, RuleKeys } from "./router.ts";
import { ruleProblem } from "./rule-problem.ts";
import { resolveServices, type ServiceChoice, type ServiceUse } from "./service-list.ts";
import type { CompileSettings } from "./settings.ts";
import { INGRESS_ROUTE_FIELDS, ROUTE_FIELDS, unsupportedFields } from "./supported.ts";
import { resolveTlsOption, type TlsOptionUse, type TlsPolicy } from "./tls-policy.ts";
import { resolveCertificates } from "./tls-secret.ts";
import { type ClassFace, nothing, type RootTranslation, type TranslateView } from "./translation.ts";

interface IngressRouteSpec {
  readonly entryPoints?: readonly string[] | null;
  readonly routes?: readonly RouteSpec[] | null;
  readonly tls?: { readonly secretName?: string | null; readonly options?: TlsOptionUse | null } | null;
  readonly parentRefs?: readonly unknown[] | null;
}

interface RouteSpec {
  readonly match: string;
  readonly priority?: number | null;
  readonly middlewares?: readonly { readonly name: string; readonly namespace?: string | null }[] | null;
  readonly services?: readonly ServiceUse[] | null;
}

/**
 * Translates an IngressRoute: one router for each of its rules that parses. With `spec.parentRefs` they hang under the routers of
 * other IngressRoutes instead of being served on entry points.
 */
export function translateIngressRoute(object: StoredObject, view: TranslateView, settings: CompileSettings): RootTranslation {
  const { className, face, problems: classProblems } = classOf(object, view, settings);
  if (className === null || face === null) return nothing(null, classProblems);
  const spec = (object.body.spec ?? {}) as IngressRouteSpec;
  const layers = new Layers(view, settings);
  const stand =
    (spec.parentRefs ?? []).length > 0 ? underParents(layers.placeOf(object)) : onEntryPoints(object, spec, view, face, settings);
  const everywhere = [...stand.obstacles, ...unsupportedFields(spec, INGRESS_ROUTE_FIELDS, object.ref, "spec")];
  const isParent = layers.isParent(object);
  const context: Context = { object, stand, isParent, everywhere, keys: new RuleKeys(), face, view, settings };
  const routes = (spec.routes ?? []).map((route, index) => translateRoute(route, index, context));
  const served = stand.entryPoints.length + stand.parents.length === 0 ? [] : routes;
  return {
    className,
    routers: served.flatMap(({ routers }) => routers),
    fields: served.flatMap(({ routers, field }) => routers.map(() => field)),
    services: served.flatMap(({ services }) => services),
    certificates: stand.certificates,
    problems: [...classProblems, ...stand.problems, ...everywhere, ...routes.flatMap(({ problems }) => problems)],
  };
}

/** Where requests come to an object from: entry points, or the routers of its parents. */
interface Stand extends Place {
  readonly entryPoints: readonly string[];
  readonly certificates: readonly ResourceId<"certificate">[];
  readonly tlsOption: TlsPolicy["option"];
}

function underParents(place: Place): Stand {
  return { ...place, entryPoints: [], certificates: [], tlsOption: undefined };
}

function onEntryPoints(
  { ref }: StoredObject,
  spec: IngressRouteSpec,
  view: TranslateView,
  face: ClassFace,
  settings: CompileSettings,
): Stand {
  const tls = spec.tls ?? null;
  const entryPoints = entryPointsOf(ref, spec.entryPoints ?? [], tls !== null, face);
  const secrets = tls?.secretName ? [{ name: tls.secretName, field: "spec.tls.secretName" }] : [];
  const certificates = resolveCertificates(ref, secrets, view);
  const policy = resolveTlsOption(tls?.options, ref, "spec.tls.options", view, settings);
  return {
    entryPoints: entryPoints.names,
    parents: [],
    certificates: certificates.ids,
    tlsOption: policy.option,
    obstacles: policy.obstacles,
    problems: [...entryPoints.problems, ...certificates.problems],
  };
}

interface Context {
  readonly object: StoredObject;
  readonly stand: Stand;
  /** Whether routes of other objects hang under those of this one. */
  readonly isParent: boolean;
  /** Problems of the object that no route of it can be built with. */
  readonly everywhere: readonly Problem[];
  readonly keys: RuleKeys;
  readonly face: ClassFace;
  readonly view: TranslateView;
  readonly settings: CompileSettings;
}

/** A parent may leave every request to its children. */
const NO_SERVICE: ServiceChoice = { id: null, weighted: null, problems: [] };

interface RouteTranslation {
  /** None when the rule does not parse: it claims nothing. */
  readonly routers: readonly Router[];
  readonly field: string;
  readonly services: readonly Weighted[];
  readonly problems: readonly Problem[];
}

function translateRoute(route: RouteSpec, index: number, context: Context): RouteTranslation {
  const { object, stand, isParent, face, view, settings } = context;
  const field = `spec.routes[${index}]`;
  const match = `${field}.match`;
  const parsed = parseRule(route.match, matchers);
  if (!parsed.ok) {
    return { routers: [], field: match, services: [], problems: [ruleProblem(parsed.error, object.ref, match)] };
  }
  const key = context.keys.take(route.match);
  const steps = (route.middlewares ?? []).map(({ name, namespace }, at) => {
    return { name, namespace: namespace ?? undefined, field: `${field}.middlewares[${at}]` };
  });
  const middlewares = resolveMiddlewares(steps, object.ref, view, settings);
  const uses = route.services ?? [];
  const services =
    uses.length === 0 && isParent
      ? NO_SERVICE
      : resolveServices(uses, object.ref, key, `${field}.services`, view, settings, face);
  const problems = [...unsupportedFields(route, ROUTE_FIELDS, object.ref, field), ...middlewares.problems, ...services.problems];
  const obstacles = [...context.everywhere, ...problems];
  const draft = {
    object,
    key,
    index,
    rule: parsed.value,
    priority: route.priority || Buffer.byteLength(route.match),
    entryPoints: stand.entryPoints,
    parents: stand.parents,
    isParent,
    tlsOption: stand.tlsOption,
  };
  const routers = makeRouters(draft, { middlewares: middlewares.ids, service: services.id, obstacles }, face);
  const { weighted } = services;
  const isNeeded = weighted !== null && routers.some(({ service }) => service === weighted.id);
  return { routers, field: match, services: isNeeded ? [weighted] : [], problems };
}

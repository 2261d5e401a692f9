import { matchers } from "../../extensions/matchers/registry.gen.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { Router } from "../../model/router.ts";
import type { Weighted } from "../../model/service.ts";
import { parseRule } from "../../rules/parser.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { entryPointsOf } from "./entry-points.ts";
import { classOf } from "./ingress-class.ts";
import { resolveMiddlewares } from "./middleware-list.ts";
import { makeRouter, RuleKeys } from "./router.ts";
import { resolveServices, type ServiceUse } from "./service-list.ts";
import type { CompileSettings } from "./settings.ts";
import { INGRESS_ROUTE_FIELDS, ROUTE_FIELDS, unsupportedFields } from "./supported.ts";
import { resolveCertificates } from "./tls-secret.ts";
import { nothing, type RootTranslation, type TranslateView } from "./translation.ts";

interface IngressRouteSpec {
  readonly entryPoints?: readonly string[] | null;
  readonly routes?: readonly RouteSpec[] | null;
  readonly tls?: { readonly secretName?: string | null } | null;
}

interface RouteSpec {
  readonly match: string;
  readonly priority?: number | null;
  readonly middlewares?: readonly { readonly name: string; readonly namespace?: string | null }[] | null;
  readonly services?: readonly ServiceUse[] | null;
}

/** Translates an IngressRoute: one router for each of its rules that parses. */
export function translateIngressRoute(object: StoredObject, view: TranslateView, settings: CompileSettings): RootTranslation {
  const { className, problems: classProblems } = classOf(object, view, settings);
  if (className === null) return nothing();
  const spec = (object.body.spec ?? {}) as IngressRouteSpec;
  const tls = spec.tls ?? null;
  const entryPoints = entryPointsOf(object.ref, spec.entryPoints ?? [], tls !== null, settings);
  const secrets = tls?.secretName ? [{ name: tls.secretName, field: "spec.tls.secretName" }] : [];
  const certificates = resolveCertificates(object.ref, secrets, view);
  const everywhere = unsupportedFields(spec, INGRESS_ROUTE_FIELDS, object.ref, "spec");
  const keys = new RuleKeys();
  const context: Context = { object, entryPoints: entryPoints.names, everywhere, keys, view, settings };
  const routes = (spec.routes ?? []).map((route, index) => translateRoute(route, index, context));
  const served = entryPoints.names.length === 0 ? [] : routes.filter(isRouted);
  return {
    className,
    routers: served.map(({ router }) => router),
    fields: served.map(({ field }) => field),
    services: served.flatMap(({ services }) => services),
    certificates: certificates.ids,
    problems: [
      ...classProblems,
      ...entryPoints.problems,
      ...certificates.problems,
      ...everywhere,
      ...routes.flatMap(({ problems }) => problems),
    ],
  };
}

interface Context {
  readonly object: StoredObject;
  readonly entryPoints: readonly string[];
  /** Problems of the object that no route of it can be built with. */
  readonly everywhere: readonly Problem[];
  readonly keys: RuleKeys;
  readonly view: TranslateView;
  readonly settings: CompileSettings;
}

interface RouteTranslation {
  /** Null when the rule does not parse: it claims nothing. */
  readonly router: Router | null;
  readonly field: string;
  readonly services: readonly Weighted[];
  readonly problems: readonly Problem[];
}

function isRouted(route: RouteTranslation): route is RouteTranslation & { readonly router: Router } {
  return route.router !== null;
}

function translateRoute(route: RouteSpec, index: number, context: Context): RouteTranslation {
  const { object, view, settings } = context;
  const field = `spec.routes[${index}]`;
  const match = `${field}.match`;
  const parsed = parseRule(route.match, matchers);
  if (!parsed.ok) {
    const { code, message, hint } = parsed.error;
    return { router: null, field: match, services: [], problems: [problem(code, object.ref, match, message, hint)] };
  }
  const key = context.keys.take(route.match);
  const uses = (route.middlewares ?? []).map(({ name, namespace }, at) => {
    return { name, namespace: namespace ?? undefined, field: `${field}.middlewares[${at}]` };
  });
  const middlewares = resolveMiddlewares(uses, object.ref, view, settings);
  const services = resolveServices(route.services ?? [], object.ref, key, `${field}.services`, view, settings);
  const problems = [...unsupportedFields(route, ROUTE_FIELDS, object.ref, field), ...middlewares.problems, ...services.problems];
  const obstacles = [...context.everywhere, ...problems];
  const draft = {
    object,
    key,
    index,
    rule: parsed.value,
    priority: route.priority || Buffer.byteLength(route.match),
    entryPoints: context.entryPoints,
  };
  const router = makeRouter(draft, { middlewares: middlewares.ids, service: services.id, obstacles });
  return { router, field: match, services: router.service === services.weighted?.id ? [services.weighted] : [], problems };
}

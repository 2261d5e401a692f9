import { matchers } from "../../extensions/matchers/registry.gen.ts";
import { fail, ok, type Result } from "../../kernel/result.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { Router } from "../../model/router.ts";
import type { Rule, RuleMatch } from "../../model/rule.ts";
import { canonicalPath } from "../../rules/canonical-path.ts";
import type { MatcherError } from "../../rules/matcher.ts";
import { printRule } from "../../rules/printer.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { entryPointsOf } from "./entry-points.ts";
import { classOf } from "./ingress-class.ts";
import { makeRouters, RuleKeys } from "./router.ts";
import { externalRefused } from "./service-list.ts";
import type { CompileSettings } from "./settings.ts";
import { notSupported } from "./supported.ts";
import { resolveCertificates } from "./tls-secret.ts";
import { type ClassFace, nothing, type RootTranslation, type TranslateView } from "./translation.ts";

interface IngressSpec {
  readonly defaultBackend?: Backend | null;
  readonly rules?: readonly IngressRule[] | null;
  readonly tls?: readonly { readonly secretName?: string | null }[] | null;
}

interface IngressRule {
  readonly host?: string | null;
  readonly http?: { readonly paths?: readonly HttpPath[] | null } | null;
}

interface HttpPath {
  readonly path?: string | null;
  readonly pathType?: string | null;
  readonly backend: Backend;
}

interface Backend {
  readonly service?: {
    readonly name: string;
    readonly port?: { readonly number?: number | null; readonly name?: string | null } | null;
  } | null;
  readonly resource?: unknown;
}

/** Rank of an Ingress rule beside the rules of IngressRoutes, which have at least the length of their text. */
const RULE_PRIORITY = 0;

/** A default backend takes what no rule of any object of the class takes. */
const DEFAULT_BACKEND_PRIORITY = Number.MIN_SAFE_INTEGER;

/**
 * Translates an Ingress (networking.k8s.io/v1): one router for each path of each rule, and one for `defaultBackend`.
 *
 * It is served on all entry points; `spec.tls` only brings certificates.
 */
export function translateIngress(object: StoredObject, view: TranslateView, settings: CompileSettings): RootTranslation {
  const { className, face, problems: classProblems } = classOf(object, view, settings);
  if (className === null || face === null) return nothing(null, classProblems);
  const spec = (object.body.spec ?? {}) as IngressSpec;
  const certificates = resolveCertificates(object.ref, secretsOf(spec), view);
  const entryPoints = entryPointsOf(object.ref, [], false, face).names;
  const context: Context = { object, entryPoints, keys: new RuleKeys(), face, view };
  const claims = claimsOf(spec).map((claim, index) => translateClaim(claim, index, context));
  const served = entryPoints.length === 0 ? [] : claims;
  return {
    className,
    routers: served.flatMap(({ routers }) => routers),
    fields: served.flatMap(({ routers, field }) => routers.map(() => field)),
    services: [],
    certificates: certificates.ids,
    problems: [...classProblems, ...certificates.problems, ...claims.flatMap(({ problems }) => problems)],
  };
}

interface Context {
  readonly object: StoredObject;
  readonly entryPoints: readonly string[];
  readonly keys: RuleKeys;
  readonly face: ClassFace;
  readonly view: TranslateView;
}

/** What a part of an Ingress claims, and for whom. */
interface Claim {
  /** The rule, or the field and the error of what it cannot be made from. */
  readonly rule: Result<Rule, { readonly field: string; readonly error: MatcherError }>;
  readonly priority: number;
  /** Where it stands in the object. */
  readonly field: string;
  readonly backend: Backend;
  readonly backendField: string;
}

function claimsOf(spec: IngressSpec): readonly Claim[] {
  const claims = (spec.rules ?? []).flatMap((rule, ruleIndex) =>
    (rule.http?.paths ?? []).map((path, pathIndex): Claim => {
      const pathField = `spec.rules[${ruleIndex}].http.paths[${pathIndex}]`;
      return {
        rule: ruleOf(rule.host ?? "", `spec.rules[${ruleIndex}].host`, path, pathField),
        priority: RULE_PRIORITY,
        field: pathField,
        backend: path.backend,
        backendField: `${pathField}.backend`,
      };
    }),
  );
  if (!spec.defaultBackend) return claims;
  const everything: Rule = { op: "match", matcher: "Host", args: ["*"] };
  const fallback: Claim = {
    rule: ok(everything),
    priority: DEFAULT_BACKEND_PRIORITY,
    field: "spec.defaultBackend",
    backend: spec.defaultBackend,
    backendField: "spec.defaultBackend",
  };
  return [...claims, fallback];
}

function ruleOf(host: string, hostField: string, path: HttpPath, pathField: string): Claim["rule"] {
  const terms: RuleMatch[] = [];
  if (host !== "") {
    const match = matchOf("Host", host);
    if (!match.ok) return fail({ field: hostField, error: match.error });
    terms.push(match.value);
  }
  const text = path.path || "/";
  const match = matchOf(path.pathType === "Exact" ? "Path" : "PathSegmentPrefix", canonicalPath(text) ?? text);
  if (!match.ok) return fail({ field: `${pathField}.path`, error: match.error });
  terms.push(match.value);
  return ok(terms.length === 1 ? match.value : { op: "and", terms });
}

function matchOf(name: "Host" | "Path" | "PathSegmentPrefix", argument: string): Result<RuleMatch, MatcherError> {
  const parsed = matchers.get(name)?.parse([argument]);
  if (parsed?.ok === false) return parsed;
  return ok({ op: "match", matcher: name, args: [argument] });
}

interface ClaimTranslation {
  /** None when the rule cannot be made: it claims nothing. */
  readonly routers: readonly Router[];
  readonly field: string;
  readonly problems: readonly Problem[];
}

function translateClaim(
  { rule, priority, field, backend, backendField }: Claim,
  index: number,
  { object, entryPoints, keys, face, view }: Context,
): ClaimTranslation {
  if (!rule.ok) {
    const { error } = rule.error;
    return { routers: [], field, problems: [problem(error.code, object.ref, rule.error.field, error.message, error.hint)] };
  }
  const draft = { object, key: keys.take(printRule(rule.value)), index, rule: rule.value, priority, entryPoints };
  const resolved = resolveBackend(object, backend, backendField, view, face);
  const treatment = { middlewares: [], service: resolved.id, obstacles: resolved.problems };
  return { routers: makeRouters(draft, treatment, face), field, problems: resolved.problems };
}

function resolveBackend(
  { ref }: StoredObject,
  { service }: Backend,
  field: string,
  view: TranslateView,
  { allowExternalName }: ClassFace,
) {
  if (!service)
    return {
      id: null,
      problems: [notSupported(ref, `${field}.resource`, "Resource backends are not supported yet; the route answers 503.")],
    };
  const port = service.port?.number ?? service.port?.name ?? "";
  const face = view.service({ namespace: ref.namespace, name: service.name, port, passHostHeader: true, scheme: null });
  if (face.status === "ready" && (allowExternalName || face.isExternal !== true)) return { id: face.id, problems: [] };
  const { code, message, hint } =
    face.status === "ready" ? externalRefused({ namespace: ref.namespace, name: service.name }) : face.obstacle;
  const at = code === "ServicePortNotFound" ? `${field}.service.port` : `${field}.service`;
  return { id: null, problems: [problem(code, ref, at, message, hint)] };
}

function secretsOf(spec: IngressSpec) {
  return (spec.tls ?? []).flatMap(({ secretName }, index) =>
    secretName ? [{ name: secretName, field: `spec.tls[${index}].secretName` }] : [],
  );
}

import { matchers } from "../../extensions/matchers/registry.gen.ts";
import { redirectScheme } from "../../extensions/middlewares/redirect-scheme/redirect-scheme.ts";
import { assert } from "../../kernel/assert.ts";
import type { EntryPoint } from "../../model/entry-point.ts";
import { resourceId } from "../../model/ids.ts";
import type { Middleware } from "../../model/middleware.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { Resource } from "../../model/resource.ts";
import { parseRule } from "../../rules/parser.ts";
import type { EntryPointRedirect } from "../../schema/gen/fairway-class.ts";
import type { StoredObject } from "../store/stored-object.ts";
import type { ClassObjects } from "./class-settings.ts";
import { makeRouter } from "./router.ts";

/** Above every route. */
const REDIRECT_PRIORITY = Number.MAX_SAFE_INTEGER;

/**
 * The router and the middleware that send requests of one entry point to another. What a trusted peer says came in the wanted scheme
 * already is left to the routes: it would be sent in circles.
 */
export function redirectResources(
  from: EntryPoint,
  to: EntryPoint,
  redirect: EntryPointRedirect,
  owner: StoredObject,
  view: ClassObjects,
  proxies: ObjectRef,
): readonly Resource[] {
  const { scheme = "https", permanent = true, priority } = redirect;
  const port = redirect.port ?? publicPort(to, scheme, view, proxies);
  const key = `redirect/${from.name}`;
  const changesScheme = scheme !== (from.tls ? "https" : "http");
  const rule = parseRule(changesScheme ? everythingBut(scheme) : EVERYTHING, matchers);
  assert(rule.ok, "the rule of a redirect parses");
  const draft = {
    object: owner,
    key,
    index: 0,
    rule: rule.value,
    priority: priority ?? REDIRECT_PRIORITY,
    entryPoints: [from.name],
    isParent: true,
  };
  // Nobody knows where to: what would be sent there must not be served here.
  if (port === 0) return [makeRouter(draft, { middlewares: [], service: null, obstacles: [nowhere(owner.ref, to)] })];
  const prepared = redirectScheme.prepare({ scheme, port: String(port), permanent });
  assert(prepared.ok, "a redirect of a FairwayClass can be built");
  const middleware: Middleware = {
    id: resourceId("middleware", owner.ref, key),
    origin: owner.ref,
    kind: redirectScheme.kind,
    config: prepared.value,
  };
  return [middleware, makeRouter(draft, { middlewares: [middleware.id], service: null, obstacles: [] })];
}

function nowhere(owner: ObjectRef, { name }: EntryPoint): Problem {
  return problem("EntryPointInvalid", owner, "", `Nothing can be redirected to entry point "${name}", which has no port.`);
}

const EVERYTHING = "Host(`*`)";

function everythingBut(scheme: "http" | "https"): string {
  const not = (value: string) => ` && !Header(\`X-Forwarded-Proto\`, \`${value}\`)`;
  return `${EVERYTHING}${not(scheme)}${not(scheme === "https" ? "wss" : "ws")}`;
}

/** The scheme's own port where the Service of the proxies maps it to the entry point, else the entry point's. */
function publicPort({ name, port }: EntryPoint, scheme: "http" | "https", view: ClassObjects, proxies: ObjectRef): number {
  const own = scheme === "https" ? 443 : 80;
  const service = view.get("Service", proxies.namespace, proxies.name);
  const spec = (service?.body.spec ?? {}) as {
    readonly ports?: readonly { readonly port: number; readonly targetPort?: number | string | null }[] | null;
  };
  const mapped = (spec.ports ?? []).find((one) => one.port === own);
  const target = mapped?.targetPort ?? mapped?.port;
  return target === port || target === name ? own : port;
}

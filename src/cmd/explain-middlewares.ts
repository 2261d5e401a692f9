import type { Hooks, MiddlewareModule } from "../extensions/middlewares/contract.ts";
import { middlewareModules } from "../extensions/middlewares/registry.gen.ts";
import type { RoutingGraph } from "../model/graph.ts";
import type { Middleware } from "../model/middleware.ts";
import type { ObjectRef } from "../model/object-ref.ts";
import { redactValue } from "../model/redact.ts";
import type { Router } from "../model/router.ts";
import { replyTo } from "../proxy/pipeline/reply.ts";
import type { HeaderChange, ObservedExchange } from "./observed-exchange.ts";

/** A middleware the request goes through. */
export interface MiddlewareStep {
  readonly kind: string;
  readonly object: ObjectRef;
  /** The path after it, where it is another one than before; null where it is not, or where the request does not come so far. */
  readonly path: string | null;
  /** What it does to the headers of the request, `host` included; values that look like secrets are redacted. */
  readonly headers: readonly HeaderChange[];
}

/** What a middleware answers itself. */
export interface StepAnswer {
  readonly status: number;
  /** Where it redirects to; null when it does not. */
  readonly location: string | null;
  /** Of the answer, as the middleware made it. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

/** Sends the request through the middlewares of its router: the hooks themselves say what they do to it. Changes the exchange. */
export function explainMiddlewares(
  router: Router,
  graph: RoutingGraph,
  exchange: ObservedExchange,
): { readonly steps: readonly MiddlewareStep[]; readonly answer: StepAnswer | null } {
  let answer: StepAnswer | null = null;
  const steps = router.middlewares.map((id): MiddlewareStep => {
    const { kind, origin, config } = graph.resources.get(id) as Middleware;
    const before = exchange.path;
    answer ??= answerOf(kind, config, exchange);
    const headers = redactValue(exchange.takeChanges()) as readonly HeaderChange[];
    return { kind, object: origin, path: exchange.path === before ? null : exchange.path, headers };
  });
  return { steps, answer };
}

/** What a hook answers; one that answers later (it asks somebody else) is not waited for. */
function answerOf(kind: string, config: unknown, exchange: ObservedExchange): StepAnswer | null {
  const module = middlewareModules.get(kind) as MiddlewareModule<never, unknown> | undefined;
  const hooks: Hooks = module?.create(config) ?? {};
  const result = hooks.onRequest?.(exchange);
  if (result === undefined || result instanceof Promise) return null;
  const { status, headers } = "code" in result ? replyTo(result) : result;
  const location = headers.find(([name]) => name.toLowerCase() === "location")?.[1] ?? null;
  return { status, location, headers: headers.map(([name, value]) => ({ name: name.toLowerCase(), value })) };
}

import type { Result } from "../../kernel/result.ts";
import type { Failure } from "../../model/failure.ts";
import type { MiddlewareSpec } from "../../schema/gen/middleware.ts";
import type { Exchange, Reply } from "./exchange.ts";

/**
 * One kind of middleware. It lives in its own folder: `schema.yaml` (the option's schema), this module, and its test.
 *
 * A module is pure: `prepare` runs in the operator, `create` once per worker and middleware, hooks once per request. Members that
 * take options are methods, not function properties, so that every module is also an `AnyMiddlewareModule`.
 */
export interface MiddlewareModule<Spec, Config> {
  /** The key in a Middleware's spec, for example `stripPrefix`; the folder's name in camel case. */
  readonly kind: string;
  /** Turns options into what the proxy needs (plain JSON), or says which option is wrong. Runs in the operator. */
  prepare(spec: Spec): Result<Config, readonly OptionProblem[]>;
  /** For kinds that stand for other middlewares (chain): who they are, in order. Such a kind is expanded and never created. */
  members?(spec: Spec): readonly MiddlewareReference[];
  /** Makes the live middleware. Throws only on a broken invariant. */
  create(config: Config): Hooks;
}

/** What is wrong with an option. `field` is relative to the kind's own options, as in `prefixes[0]`. */
export interface OptionProblem {
  readonly code: "MiddlewareInvalid" | "InvalidRegex" | "NotSupported";
  readonly field: string;
  readonly message: string;
  readonly hint: string;
}

/** A member of a chain. `field` is relative to the kind's own options, as in `middlewares[0]`. */
export interface MiddlewareReference {
  readonly name: string;
  /** The referrer's namespace when absent. */
  readonly namespace: string | undefined;
  readonly field: string;
}

/** The moments a middleware can act at. All optional; an absent hook costs nothing. */
export interface Hooks {
  /**
   * Before the request goes upstream, in order. `undefined` goes on; a Reply answers; a Failure is answered by the engine.
   * Synchronous unless it returns a promise.
   */
  readonly onRequest?: (exchange: Exchange) => HookResult | Promise<HookResult>;
  /** When the response head is here, in reverse order. Also runs for replies of later middlewares. */
  readonly onResponse?: (exchange: Exchange) => void;
}

export type HookResult = Reply | Failure | undefined;

/** A module whose option types are not looked at: what registries hold. Its callers pass what the schema check accepted. */
export type AnyMiddlewareModule = MiddlewareModule<unknown, unknown>;

/** Ties a module to its kind in the schema: the options' type follows from `kind`, and a kind without a schema does not compile. */
export function defineMiddleware<Kind extends keyof MiddlewareSpec, Config>(
  module: MiddlewareModule<NonNullable<MiddlewareSpec[Kind]>, Config> & { readonly kind: Kind },
): MiddlewareModule<NonNullable<MiddlewareSpec[Kind]>, Config> {
  return module;
}

/** An option that cannot be used, by its field relative to the kind's own options. */
export function invalidOption(field: string, message: string, hint = ""): OptionProblem {
  return { code: "MiddlewareInvalid", field, message, hint };
}

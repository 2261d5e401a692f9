import { distance } from "fastest-levenshtein";
import { matchers } from "../extensions/matchers/registry.gen.ts";
import type { RoutingGraph } from "../model/graph.ts";
import type { ObjectRef } from "../model/object-ref.ts";
import type { Problem } from "../model/problem.ts";
import { compareRanks } from "../model/rank.ts";
import type { Router } from "../model/router.ts";
import type { Rule } from "../model/rule.ts";
import type { HttpExchange } from "../proxy/http1/exchange.ts";
import { compileRule, explainRule, parsedMatch } from "../rules/compile.ts";
import type { MatcherKey } from "../rules/matcher.ts";
import { explainMiddlewares, type MiddlewareStep, type StepAnswer } from "./explain-middlewares.ts";
import { type ExplainedEndpoint, type ExplainedService, explainService } from "./explain-service.ts";

/** How many near misses are told. */
const NEAR_MISSES_MAX = 10;

/** What a request goes to. */
export interface Winner {
  /** Id of the router. */
  readonly router: string;
  readonly object: ObjectRef;
  /** In canonical spelling. */
  readonly rule: string;
  readonly priority: number;
  /** In the order they run. */
  readonly middlewares: readonly MiddlewareStep[];
  /** What a middleware answers itself, so that the service never sees the request; null when none does. */
  readonly answer: StepAnswer | null;
  /** Null in a tombstone. */
  readonly service: ExplainedService | null;
  /** Of all services it may go to. */
  readonly endpoints: readonly ExplainedEndpoint[];
  /** The codes of the problems for which it answers 503; null when it is served. */
  readonly tombstone: readonly string[] | null;
  /** Problems of the object. */
  readonly problems: readonly Problem[];
}

/** A router that a request does not go to, though it nearly would. */
export interface NearMiss {
  readonly router: string;
  readonly object: ObjectRef;
  readonly rule: string;
  readonly priority: number;
  /** The predicate that fails, or the entry point it is not served on. */
  readonly failed: string;
}

/** A router that matches too, below the winner. */
export type AlsoMatching = Omit<NearMiss, "failed">;

/** Where a request goes, and why. */
export interface Explanation {
  readonly winner: Winner | null;
  readonly alsoMatching: readonly AlsoMatching[];
  readonly nearMisses: readonly NearMiss[];
  /** What the proxy answers of its own: 404 nothing matches, 503 the winner cannot be served; null when it passes the request on. */
  readonly status: 404 | 503 | null;
}

/** Explains by a scan over all routers in their order: the same answer as the proxy's index gives. */
export function explain(graph: RoutingGraph, entryPoint: string, exchange: HttpExchange): Explanation {
  const routers = [...graph.resources.values()].filter(isRouter).sort((a, b) => compareRanks(a.rank, b.rank));
  const matching = routers.filter((router) => router.entryPoints.includes(entryPoint) && holds(router.rule, exchange));
  const [first] = matching;
  // Before the middlewares of the winner have their way with the request.
  const nearMisses = nearest(routers, new Set(matching), entryPoint, exchange);
  const winner = first === undefined ? null : explainWinner(first, graph, exchange);
  return { winner, alsoMatching: matching.slice(1, 1 + NEAR_MISSES_MAX).map(show), nearMisses, status: statusOf(winner) };
}

function isRouter(resource: { readonly id: string }): resource is Router {
  return resource.id.startsWith("router:");
}

function holds(rule: Rule, exchange: HttpExchange): boolean {
  return compileRule(rule, matchers)(exchange);
}

function statusOf(winner: Winner | null): Explanation["status"] {
  if (winner === null) return 404;
  if (winner.tombstone !== null) return 503;
  return winner.answer === null && winner.endpoints.length === 0 ? 503 : null;
}

function explainWinner(router: Router, graph: RoutingGraph, exchange: HttpExchange): Winner {
  const { service, endpoints } = explainService(router.service, graph);
  const { steps, answer } = explainMiddlewares(router, graph, exchange);
  return {
    ...show(router),
    middlewares: steps,
    answer,
    service,
    endpoints,
    tombstone: router.tombstone,
    problems: graph.problems.filter(({ object }) => isSame(object, router.origin)),
  };
}

function show({ id, origin, ruleText, rank }: Router): AlsoMatching {
  return { router: id, object: origin, rule: ruleText, priority: rank.priority };
}

function isSame(a: ObjectRef, b: ObjectRef): boolean {
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}

interface Candidate {
  readonly miss: NearMiss;
  /** Terms of the rule (as joined by its outermost `&&`) that do not hold; half a one for the entry point. */
  readonly failing: number;
  /** Terms that say something and hold; half a one for a host that is nearly the request's. */
  readonly holding: number;
}

/** How many letters a host may differ in to be taken for a slip. */
const HOST_SLIP_MAX = 2;

/**
 * The routers that would match but for something: by the number of terms that fail, then of those that hold. A rule of which nothing
 * holds is no near miss.
 */
function nearest(
  routers: readonly Router[],
  matching: ReadonlySet<Router>,
  entryPoint: string,
  exchange: HttpExchange,
): readonly NearMiss[] {
  const candidates = routers
    .filter((router) => !matching.has(router))
    .map((router) => candidateOf(router, entryPoint, exchange))
    .filter(({ holding }) => holding > 0);
  const ordered = candidates.toSorted((a, b) => a.failing - b.failing || b.holding - a.holding);
  return ordered.slice(0, NEAR_MISSES_MAX).map(({ miss }) => miss);
}

function candidateOf(router: Router, entryPoint: string, exchange: HttpExchange): Candidate {
  const terms = router.rule.op === "and" ? router.rule.terms : [router.rule];
  const failing = terms.filter((term) => !holds(term, exchange));
  const telling = terms.filter((term) => !failing.includes(term) && !alwaysHolds(term));
  const isServed = router.entryPoints.includes(entryPoint);
  const failed = explainRule(router.rule, matchers, exchange) ?? `entry point: served on ${router.entryPoints.join(", ")}`;
  return {
    miss: { ...show(router), failed },
    failing: failing.length + (isServed ? 0 : 0.5),
    holding: telling.length + (failing.some((term) => isSlip(term, exchange.host)) ? 0.5 : 0),
  };
}

/** Whether a term says nothing of a request: any host, or any path. */
function alwaysHolds(term: Rule): boolean {
  const key = keyOf(term);
  return (key?.on === "host" && key.form === "any") || (key?.on === "path" && key.form === "prefix" && key.value === "/");
}

/** Whether a term asks for a host that is nearly this one. */
function isSlip(term: Rule, host: string): boolean {
  const key = keyOf(term);
  return key?.on === "host" && key.form === "exact" && distance(key.value, host) <= HOST_SLIP_MAX;
}

function keyOf(term: Rule): MatcherKey | undefined {
  if (term.op !== "match") return undefined;
  const { matcher, arg } = parsedMatch(term, matchers);
  return matcher.key?.(arg);
}

import { distance } from "fastest-levenshtein";
import { matchers } from "../extensions/matchers/registry.gen.ts";
import type { ObjectRef } from "../model/object-ref.ts";
import type { Problem } from "../model/problem.ts";
import type { Router } from "../model/router.ts";
import type { Rule } from "../model/rule.ts";
import { compileRule, explainRule, parsedMatch } from "../rules/compile.ts";
import type { MatcherKey } from "../rules/matcher.ts";
import { explainMiddlewares, type MiddlewareStep, type StepAnswer } from "./explain-middlewares.ts";
import { type ExplainedEndpoint, type ExplainedService, explainService } from "./explain-service.ts";
import type { ObservedExchange } from "./observed-exchange.ts";
import type { RoutingTable } from "./routing-table.ts";

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

/** Where a request goes, without the reasons. */
export type Answer = Pick<Explanation, "winner" | "status">;

/** Explains by a scan over all routers in their order: the same answer as the proxy's index gives. */
export function explain(table: RoutingTable, entryPoint: string, exchange: ObservedExchange): Explanation {
  const { routers } = table;
  const matching = routers.filter((router) => router.entryPoints.includes(entryPoint) && table.holds(router, exchange));
  // Before the middlewares of the winner have their way with the request.
  const nearMisses = nearest(routers, new Set(matching), entryPoint, exchange);
  const alsoMatching = matching.slice(1, 1 + NEAR_MISSES_MAX).map(show);
  return { ...outcome(matching[0] ?? null, table, exchange), alsoMatching, nearMisses };
}

/** Answers by the proxy's index: the time it takes does not grow with the number of routers. */
export function answer(table: RoutingTable, entryPoint: string, exchange: ObservedExchange): Answer {
  return outcome(table.find(entryPoint, exchange), table, exchange);
}

function outcome(router: Router | null, table: RoutingTable, exchange: ObservedExchange): Answer {
  const winner = router === null ? null : explainWinner(router, table, exchange);
  return { winner, status: statusOf(winner) };
}

function holds(rule: Rule, exchange: ObservedExchange): boolean {
  return compileRule(rule, matchers)(exchange);
}

function statusOf(winner: Winner | null): Explanation["status"] {
  if (winner === null) return 404;
  if (winner.tombstone !== null) return 503;
  return winner.answer === null && winner.endpoints.length === 0 ? 503 : null;
}

function explainWinner(router: Router, table: RoutingTable, exchange: ObservedExchange): Winner {
  const { service, endpoints } = explainService(router.service, table.graph);
  const { steps, answer: given } = explainMiddlewares(router, table.graph, exchange);
  return {
    ...show(router),
    middlewares: steps,
    answer: given,
    service,
    endpoints,
    tombstone: router.tombstone,
    problems: table.problemsOf(router.origin),
  };
}

function show({ id, origin, ruleText, rank }: Router): AlsoMatching {
  return { router: id, object: origin, rule: ruleText, priority: rank.priority };
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
  exchange: ObservedExchange,
): readonly NearMiss[] {
  const candidates = routers
    .filter((router) => !matching.has(router))
    .map((router) => candidateOf(router, entryPoint, exchange))
    .filter(({ holding }) => holding > 0);
  const ordered = candidates.toSorted((a, b) => a.failing - b.failing || b.holding - a.holding);
  return ordered.slice(0, NEAR_MISSES_MAX).map(({ miss }) => miss);
}

function candidateOf(router: Router, entryPoint: string, exchange: ObservedExchange): Candidate {
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

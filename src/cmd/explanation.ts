import { distance } from "fastest-levenshtein";
import { matchers } from "../extensions/matchers/registry.gen.ts";
import { originOf } from "../model/ids.ts";
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
  /** The routers the request passes before, outermost first; empty for one that is served on entry points itself. */
  readonly parents: readonly AlsoMatching[];
  /** In the order they run, those of the parents first. */
  readonly middlewares: readonly MiddlewareStep[];
  /** What a middleware answers itself, so that the service never sees the request; null when none does. */
  readonly answer: StepAnswer | null;
  /** Null in a tombstone, and in a parent without services of its own, none of whose children takes the request. */
  readonly service: ExplainedService | null;
  /** Of all services it may go to. */
  readonly endpoints: readonly ExplainedEndpoint[];
  /** The codes of the problems for which it answers 503; null when it is served. */
  readonly tombstone: readonly string[] | null;
  /** Problems of the object. */
  readonly problems: readonly Problem[];
  /** The TLSOption that connections must have; null for one that cannot be had, absent for the default one. */
  readonly tlsOption?: ObjectRef | null;
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

/** A router that matches too, below the winner or a parent of it. */
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
  const alsoMatching: AlsoMatching[] = [];
  const nearMisses: NearMiss[] = [];
  const choose = (parent: Router | null): Router | null => {
    const candidates = parent === null ? table.rootsOn(entryPoint) : table.childrenOf(parent);
    const matching = candidates.filter((router) => table.holds(router, exchange));
    // Before the middlewares of the winner have their way with the request. What is nearest to the end of the way comes first.
    const others = parent === null ? table.routers.filter(({ parents }) => parents === undefined) : candidates;
    nearMisses.unshift(...nearest(others, new Set(matching), parent === null ? entryPoint : null, exchange));
    alsoMatching.unshift(...matching.slice(1, 1 + NEAR_MISSES_MAX).map(show));
    return matching[0] ?? null;
  };
  const found = outcome(choose, table, exchange);
  return { ...found, alsoMatching: alsoMatching.slice(0, NEAR_MISSES_MAX), nearMisses: nearMisses.slice(0, NEAR_MISSES_MAX) };
}

/** Answers by the proxy's index: the time it takes does not grow with the number of routers. */
export function answer(table: RoutingTable, entryPoint: string, exchange: ObservedExchange): Answer {
  const choose = (parent: Router | null) =>
    parent === null ? table.find(entryPoint, exchange) : table.findChild(parent, exchange);
  return outcome(choose, table, exchange);
}

/** Chooses among the children of a router, or (null) among those served on the entry point, for the request as it is then. */
type Choose = (parent: Router | null) => Router | null;

function outcome(choose: Choose, table: RoutingTable, exchange: ObservedExchange): Answer {
  const root = choose(null);
  const winner = root === null ? null : explainWinner(root, choose, table, exchange);
  return { winner, status: statusOf(winner) };
}

function holds(rule: Rule, exchange: ObservedExchange): boolean {
  return compileRule(rule, matchers)(exchange);
}

function statusOf(winner: Winner | null): Explanation["status"] {
  if (winner === null) return 404;
  if (winner.tombstone !== null) return 503;
  if (winner.answer !== null) return null;
  if (winner.service === null) return 404;
  return winner.endpoints.length === 0 ? 503 : null;
}

/** Follows a request from layer to layer, as long as a child takes it and no middleware answers. */
function explainWinner(root: Router, choose: Choose, table: RoutingTable, exchange: ObservedExchange): Winner {
  const parents: Router[] = [];
  const middlewares: MiddlewareStep[] = [];
  let given: StepAnswer | null = null;
  let router = root;
  for (;;) {
    const passed = explainMiddlewares(router, table.graph, exchange);
    middlewares.push(...passed.steps);
    given = passed.answer;
    const child = router.isParent === true && given === null ? choose(router) : null;
    if (child === null) break;
    parents.push(router);
    router = child;
  }
  const { service, endpoints } = explainService(router.service, table.graph);
  return {
    ...show(router),
    parents: parents.map(show),
    middlewares,
    answer: given,
    service,
    endpoints,
    tombstone: router.tombstone,
    problems: table.problemsOf(router.origin),
    ...(root.tlsOption === undefined ? {} : { tlsOption: root.tlsOption === null ? null : originOf(root.tlsOption) }),
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
  entryPoint: string | null,
  exchange: ObservedExchange,
): readonly NearMiss[] {
  const candidates = routers
    .filter((router) => !matching.has(router))
    .map((router) => candidateOf(router, entryPoint, exchange))
    .filter(({ holding }) => holding > 0);
  const ordered = candidates.toSorted((a, b) => a.failing - b.failing || b.holding - a.holding);
  return ordered.slice(0, NEAR_MISSES_MAX).map(({ miss }) => miss);
}

/** `entryPoint` is null for a child, which is served wherever its parents are. */
function candidateOf(router: Router, entryPoint: string | null, exchange: ObservedExchange): Candidate {
  const terms = router.rule.op === "and" ? router.rule.terms : [router.rule];
  const failing = terms.filter((term) => !holds(term, exchange));
  const telling = terms.filter((term) => !failing.includes(term) && !alwaysHolds(term));
  const isServed = entryPoint === null || router.entryPoints.includes(entryPoint);
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

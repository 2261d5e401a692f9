import { matchers } from "../extensions/matchers/registry.gen.ts";
import { canonicalJson } from "../kernel/canonical-json.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import type { Router } from "../model/router.ts";
import type { Rule } from "../model/rule.ts";
import { compileRule } from "../rules/compile.ts";
import { ruleKeys } from "../rules/keys.ts";
import { type ExampleRequest, examplesOf } from "./diff-examples.ts";
import { Ways } from "./diff-ways.ts";
import { makeExchange, parseUrl } from "./explain-request.ts";
import type { Explainer } from "./explainer.ts";
import { type Outcome, outcomeOf } from "./test-outcome.ts";

/** A request that comes to something else after a change. */
export interface TrafficMove {
  readonly request: ExampleRequest;
  readonly before: RoutedOutcome;
  readonly after: RoutedOutcome;
}

/** What a request comes to, and by which rule; null where none takes it. */
export interface RoutedOutcome extends Outcome {
  readonly rule: string | null;
}

/** With how many others a touched rule is looked at together: requests that fulfil both are where ranks tell. */
const OVERLAPS_MAX = 32;

/** How many such pairs are looked at in all, however many rules are touched. */
const PAIRS_MAX = 5_000;

/** Most rules whose examples are asked about. */
const TOUCHED_MAX = 20_000;

/**
 * The requests that come to something else in one table than in the other, one for each pair of routes and outcomes. Found by
 * examples: for each touched rule requests that fulfil it, and requests that fulfil another rule of the same hosts as well. A sample,
 * not a proof: where nothing is told, traffic may still move in ways that no example shows.
 */
export function diffTraffic(
  touched: readonly Router[],
  before: Explainer,
  after: Explainer,
  entryPoints: readonly EntryPoint[],
): readonly TrafficMove[] {
  const moves = new Map<string, TrafficMove>();
  const routers = [...before.table.routers, ...after.table.routers];
  const [others, ways] = [new HostNeighbours(routers), new Ways(routers)];
  const overlapsMax = Math.min(OVERLAPS_MAX, Math.floor(PAIRS_MAX / Math.max(touched.length, 1)));
  for (const router of touched.slice(0, TOUCHED_MAX).flatMap((one) => ways.to(one))) {
    const rules = [
      router.rule,
      ...others.of(router, overlapsMax).map((other): Rule => ({ op: "and", terms: [router.rule, other.rule] })),
    ];
    for (const entryPoint of entryPoints.filter(({ name }) => router.entryPoints.includes(name))) {
      for (const rule of rules) {
        for (const request of examplesOf(rule, entryPoint, fulfils(rule, entryPoint))) {
          const move = moveOf(request, before, after);
          if (move === null) continue;
          const key = canonicalJson([told(move.before), told(move.after)]);
          if (!moves.has(key)) moves.set(key, move);
        }
      }
    }
  }
  return [...moves.values()];
}

/** Whether the request of an example is one, and fulfils the rule: as the proxy would read it. */
function fulfils(rule: Rule, entryPoint: EntryPoint): (request: ExampleRequest) => boolean {
  const predicate = compileRule(rule, matchers);
  return (request) => {
    const url = parseUrl(request.url);
    const made = url.ok ? makeExchange(request, url.value, entryPoint) : url;
    if (!made.ok) return false;
    const { exchange, failure } = made.value;
    const isFulfilled = failure === null && predicate(exchange);
    exchange.end();
    return isFulfilled;
  };
}

function moveOf(request: ExampleRequest, before: Explainer, after: Explainer): TrafficMove | null {
  const former = routedOutcome(request, before);
  const now = routedOutcome(request, after);
  if (former === null || now === null || canonicalJson(arrival(former)) === canonicalJson(arrival(now))) return null;
  return { request, before: former, after: now };
}

function routedOutcome(request: ExampleRequest, explainer: Explainer): RoutedOutcome | null {
  const answered = explainer.answer(request);
  if (!answered.ok) return null;
  const outcome = { ...outcomeOf(answered.value), rule: answered.value.report.winner?.rule ?? null };
  answered.value.exchange.end();
  return outcome;
}

/** What the client and the service notice: not which rule it was. */
function arrival({ services, status, path, location, tombstone }: Outcome) {
  return { services, status, path: services.length > 0 ? path : null, location, tombstone };
}

/** What is told once: paths differ from example to example. */
function told({ object, rule, services, status, tombstone }: RoutedOutcome) {
  return { object, rule, services, status, tombstone };
}

/** Routers by the hosts of their rules: those of the same hosts, and those of any, may want the same requests. */
class HostNeighbours {
  readonly #byHost = new Map<string, Map<string, Router>>();

  constructor(routers: readonly Router[]) {
    for (const router of routers) {
      for (const host of placesOf(router, "of its own")) {
        const there = this.#byHost.get(host) ?? new Map<string, Router>();
        there.set(router.ruleText, router);
        this.#byHost.set(host, there);
      }
    }
  }

  /** Others that may want the same requests, each rule once. */
  of(router: Router, max: number): readonly Router[] {
    const found = new Map<string, Router>();
    for (const host of placesOf(router, "of those it meets")) {
      for (const [text, other] of this.#byHost.get(host) ?? []) {
        if (found.size >= max) return [...found.values()];
        if (text !== router.ruleText) found.set(text, other);
      }
    }
    return [...found.values()];
  }
}

/** A rule of any host. */
const ANY_HOST = "any";

/**
 * Where a rule is kept, and where those are kept that it may meet: an exact host meets its wildcard, a wildcard (`*.example.com`) the
 * exact hosts under it (`under example.com`), and everybody those of any host.
 */
function placesOf({ rule }: Router, places: "of its own" | "of those it meets"): readonly string[] {
  const { hosts } = ruleKeys(rule, matchers);
  if (hosts === "any") return [ANY_HOST];
  const own = hosts.map(({ form, value }) => (form === "exact" ? value : `*.${value}`));
  const parents = hosts.map(({ form, value }) => (form === "exact" ? value.slice(value.indexOf(".") + 1) : value));
  if (places === "of its own") return [...own, ...parents.map((parent) => `under ${parent}`)];
  const met = hosts.map(({ form }, index) => `${form === "exact" ? "*." : "under "}${parents[index]}`);
  return [...own, ...met, ANY_HOST];
}

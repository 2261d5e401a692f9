import type { Problem } from "../../model/problem.ts";
import type { Router } from "../../model/router.ts";
import type { Condition, IngressRouteStatus } from "../../schema/gen/ingress-route.ts";
import type { TransitionTimes } from "./conditions.ts";
import { toConditions } from "./conditions.ts";
import { hostsOf } from "./host-column.ts";
import { type RouteFacts, resolvedVerdict, routeVerdicts, usableVerdict } from "./route-verdicts.ts";
import { type StatusProblem, statusProblems } from "./status-problems.ts";

/** What every status of ours carries. */
export interface StatusFrame {
  readonly controllerName: string;
  /** `metadata.generation` of what was compiled. */
  readonly observedGeneration: number;
  /** When conditions that the object has took their status. */
  readonly before: TransitionTimes;
  /** The time for those that change it, RFC 3339. */
  readonly now: string;
}

/** The status of an object of a kind of routes. */
export type RouteStatus = IngressRouteStatus;

/** Our entry of `status.controllers` of an object that several controllers may use. */
export interface ControllerEntry {
  readonly controllerName: string;
  readonly kind?: string;
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly problems?: readonly StatusProblem[];
}

/** An address in the status of an Ingress. */
export type IngressAddress = { readonly ip: string } | { readonly hostname: string };

/** What stands in the status of a FairwayClass beside what routes have. */
export interface ClassFacts {
  readonly entryPoints: readonly string[];
  readonly proxies: { readonly connected: number; readonly programmed: number };
}

/** The status of an IngressRoute, IngressRouteTCP or IngressRouteUDP (`routers` undefined: that kind has no hosts). */
export function routeStatus(facts: RouteFacts, routers: readonly Router[] | undefined, frame: StatusFrame): RouteStatus {
  const hosts = hostsOf(routers ?? []);
  return { ...topStatus(facts, frame), ...(hosts.length === 0 ? {} : { hosts }), ...problemsMember(facts.problems) };
}

/** The status of a FairwayClass. */
export function classStatus(facts: RouteFacts, { entryPoints, proxies }: ClassFacts, frame: StatusFrame) {
  return { ...topStatus(facts, frame), entryPoints: [...entryPoints], proxies, ...problemsMember(facts.problems) };
}

/** Our entry in the status of an object that several controllers may use. `kind`: the field of the spec that is set; "" to say none. */
export function controllerEntry(problems: readonly Problem[], kind: string, frame: StatusFrame): ControllerEntry {
  const { controllerName, observedGeneration } = frame;
  const verdicts = [usableVerdict(problems), resolvedVerdict(problems)];
  return {
    controllerName,
    ...(kind === "" ? {} : { kind }),
    observedGeneration,
    conditions: toConditions(verdicts, observedGeneration, frame.before, frame.now),
    ...problemsMember(problems),
  };
}

function topStatus(facts: RouteFacts, { controllerName, observedGeneration, before, now }: StatusFrame): RouteStatus {
  const conditions = toConditions(routeVerdicts(facts), observedGeneration, before, now);
  return { controllerName, observedGeneration, conditions };
}

function problemsMember(problems: readonly Problem[]): { readonly problems?: StatusProblem[] } {
  const kept = statusProblems(problems);
  return kept.length === 0 ? {} : { problems: kept };
}

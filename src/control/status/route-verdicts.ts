import type { Problem } from "../../model/problem.ts";
import type { Verdict } from "./conditions.ts";
import { errorsOn, summary } from "./problem-topic.ts";
import { type Programming, programmedVerdict } from "./programming.ts";

/** What the conditions of an object that proxies run follow from. */
export interface RouteFacts {
  readonly problems: readonly Problem[];
  /** Whether it was compiled to anything: there is nothing to program where every rule of it is wrong. */
  readonly hasEffect: boolean;
  readonly programming: Programming;
  /** Whether the proxies run what the object's references lead to now, and not only its generation. */
  readonly isCurrent: boolean;
}

const ACCEPTED: Verdict = { type: "Accepted", status: "True", reason: "Accepted", message: "All of it can be served." };
const RESOLVED: Verdict = {
  type: "ResolvedRefs",
  status: "True",
  reason: "ResolvedRefs",
  message: "Everything it names exists and may be used.",
};
const NO_EFFECT: Verdict = {
  type: "Programmed",
  status: "False",
  reason: "NothingToServe",
  message: "Nothing of it can be served, so there is nothing for proxies to run.",
};
const NOT_CURRENT: Verdict = {
  type: "Ready",
  status: "False",
  reason: "Pending",
  message: "Proxies do not run yet what its references lead to now.",
};

/** Accepted: its own options can be used. The reason is the code of the first error. */
export function acceptedVerdict(problems: readonly Problem[]): Verdict {
  return failing("Accepted", errorsOn("accepted", problems)) ?? ACCEPTED;
}

/** ResolvedRefs: everything it names exists and may be used. */
export function resolvedVerdict(problems: readonly Problem[]): Verdict {
  return failing("ResolvedRefs", errorsOn("references", problems)) ?? RESOLVED;
}

/** Accepted, for what no proxy runs by itself: a proxy that cannot build it speaks to this condition too. */
export function usableVerdict(problems: readonly Problem[]): Verdict {
  const errors = [...errorsOn("accepted", problems), ...errorsOn("programmed", problems)];
  return failing("Accepted", errors) ?? { ...ACCEPTED, message: "Its options can be used." };
}

function failing(type: "Accepted" | "ResolvedRefs", errors: readonly Problem[]): Verdict | null {
  const [first] = errors;
  return first === undefined ? null : { type, status: "False", reason: first.code, message: summary(errors) };
}

/**
 * All conditions of a route, or of a class. Ready sums the others up; Stalled and Reconciling are there only while they hold, as
 * kstatus (sigs.k8s.io/cli-utils) wants it: never both, so that it says Failed, InProgress or Current and nothing between.
 */
export function routeVerdicts({ problems, hasEffect, programming, isCurrent }: RouteFacts): readonly Verdict[] {
  const accepted = acceptedVerdict(problems);
  const resolved = resolvedVerdict(problems);
  const hasErrors = accepted.status === "False" || resolved.status === "False";
  const programmed = !hasEffect && hasErrors ? NO_EFFECT : programmedVerdict(programming);
  const aspects = [accepted, resolved, programmed];
  const wrong = aspects.find((verdict) => verdict.status !== "True") ?? (isCurrent ? undefined : NOT_CURRENT);
  const ready: Verdict =
    wrong === undefined
      ? { type: "Ready", status: "True", reason: "Ready", message: "Accepted, resolved, and run by every serving proxy." }
      : { ...wrong, type: "Ready", status: "False" };
  return [...aspects, ready, ...progress(accepted, programmed, wrong)];
}

/** What only a change to the object mends is stalled; what proxies have still to do is reconciling; a missing reference is neither. */
function progress(accepted: Verdict, programmed: Verdict, wrong: Verdict | undefined): readonly Verdict[] {
  const stalled = accepted.status === "False" ? accepted : programmed.reason === "Refused" ? programmed : undefined;
  if (stalled !== undefined) return [{ ...stalled, type: "Stalled", status: "True" }];
  if (wrong === undefined || wrong.type === "ResolvedRefs") return [];
  return [{ ...wrong, type: "Reconciling", status: "True" }];
}

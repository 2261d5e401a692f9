import type { Condition } from "../../schema/gen/ingress-route.ts";

export type { Condition };

/** The conditions we write. What else stands in an object's list is somebody else's. */
export type ConditionType = "Accepted" | "ResolvedRefs" | "Programmed" | "Ready" | "Stalled" | "Reconciling";

export const CONDITION_TYPES: ReadonlySet<string> = new Set<ConditionType>([
  "Accepted",
  "ResolvedRefs",
  "Programmed",
  "Ready",
  "Stalled",
  "Reconciling",
]);

/** What is to be said of one aspect. */
export interface Verdict {
  readonly type: ConditionType;
  readonly status: Condition["status"];
  /** One word; docs/reference/status.md lists them. */
  readonly reason: string;
  readonly message: string;
}

/** Longest message of a condition, in UTF-16 units: `kubectl describe` stays readable. The schema allows 32,768. */
const MESSAGE_MAX = 1_024;

/** When each condition took its status, by type, as far as the object says: `True 2026-11-21T10:00:00Z`. */
export type TransitionTimes = ReadonlyMap<string, string>;

/** Conditions of verdicts. A condition whose status is as before keeps its time; the others get `now` (RFC 3339, seconds). */
export function toConditions(
  verdicts: readonly Verdict[],
  observedGeneration: number,
  before: TransitionTimes,
  now: string,
): Condition[] {
  return verdicts.map(({ type, status, reason, message }) => {
    const former = before.get(type)?.split(" ");
    const lastTransitionTime = former?.[0] === status && former[1] !== undefined ? former[1] : now;
    return { type, status, observedGeneration, lastTransitionTime, reason, message: cut(message, MESSAGE_MAX) };
  });
}

/** The times in conditions that an object has. */
export function transitionTimes(conditions: readonly Partial<Condition>[]): TransitionTimes {
  const ours = conditions.filter(({ type, lastTransitionTime }) => CONDITION_TYPES.has(type ?? "") && lastTransitionTime);
  return new Map(ours.map(({ type, status, lastTransitionTime }) => [type as string, `${status} ${lastTransitionTime}`]));
}

/** A text of at most `max` UTF-16 units, with an ellipsis where something is missing. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** A moment as conditions carry it: RFC 3339 in UTC, whole seconds. */
export function conditionTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

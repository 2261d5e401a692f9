import type { ResourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { ClassFace, ServedEntryPoint } from "./translation.ts";

/** Where a route is served, and what is wrong with what it asked for. */
export interface EntryPointChoice {
  /** Sorted, without duplicates; empty when it is served nowhere. */
  readonly names: readonly string[];
  readonly problems: readonly Problem[];
}

/**
 * Resolves the entry points of an IngressRoute. None named means those that are the default, which are all where the class marks
 * none. With `spec.tls` a route is served on TLS entry points only: a plaintext one it names is a problem, never a fallback.
 */
export function entryPointsOf(
  object: ObjectRef,
  named: readonly string[],
  onlyTls: boolean,
  { entryPoints, unopened }: ClassFace,
): EntryPointChoice {
  const known = new Map(entryPoints.map((entryPoint) => [entryPoint.name, entryPoint]));
  if (named.length === 0) {
    const names = entryPoints.filter(({ tls, isDefault }) => isDefault && (tls || !onlyTls)).map(({ name }) => name);
    return { names, problems: names.length > 0 || entryPoints.length === 0 ? [] : [noTlsEntryPoint(object, entryPoints)] };
  }
  const names = new Set<string>();
  const problems: Problem[] = [];
  for (const [index, name] of named.entries()) {
    const entryPoint = known.get(name);
    const field = `spec.entryPoints[${index}]`;
    if (unopened.includes(name)) problems.push(unopenedEntryPoint(object, field, name));
    if (entryPoint === undefined) problems.push(unknownEntryPoint(object, field, name, [...known.keys()]));
    else if (onlyTls && !entryPoint.tls) problems.push(plaintextEntryPoint(object, field, name));
    else names.add(name);
  }
  return { names: [...names].sort(), problems };
}

function unknownEntryPoint(object: ObjectRef, field: string, name: string, known: readonly string[]): Problem {
  const hint = known.length === 0 ? "No entry point is configured." : `Entry points here: ${known.join(", ")}.`;
  return problem("EntryPointNotFound", object, field, `There is no entry point "${name}"; the route is not served there.`, hint);
}

function unopenedEntryPoint(object: ObjectRef, field: string, name: string): Problem {
  const message = `Entry point "${name}" cannot be opened as it is written; the route is served only where a proxy has it open from before.`;
  return problem("EntryPointNotFound", object, field, message, "The problems of the FairwayClass say why.");
}

/** Entry points whose requests are treated alike before they come to a route. */
export interface EntryPointGroup {
  readonly entryPoints: readonly string[];
  readonly middlewares: readonly ResourceId<"middleware">[];
  /** Why these middlewares cannot be had. */
  readonly obstacles: readonly Problem[];
  /** Tells a route's router for this group apart from its others; "" where it has but one. */
  readonly key: string;
}

/** Groups the entry points that serve a route by the middlewares of their own; one group with none where there are no entry points. */
export function groupsOf(names: readonly string[], face: ClassFace): readonly EntryPointGroup[] {
  const chosen = face.entryPoints.filter(({ name }) => names.includes(name));
  const alike = Map.groupBy(chosen, ({ middlewares, obstacles }) => JSON.stringify([middlewares, obstacles]));
  if (alike.size === 0) return [{ entryPoints: names, middlewares: [], obstacles: [], key: "" }];
  return [...alike.values()].map((members) => {
    const [{ middlewares, obstacles }] = members as [ServedEntryPoint];
    const entryPoints = members.map(({ name }) => name);
    return { entryPoints, middlewares, obstacles, key: alike.size === 1 ? "" : `@${entryPoints.join("+")}` };
  });
}

function plaintextEntryPoint(object: ObjectRef, field: string, name: string): Problem {
  return problem(
    "EntryPointNotTLS",
    object,
    field,
    `Entry point "${name}" is plaintext and the route has spec.tls; the route is not served there.`,
    "Name a TLS entry point, or move the plaintext part to an IngressRoute without spec.tls.",
  );
}

function noTlsEntryPoint(object: ObjectRef, entryPoints: readonly ServedEntryPoint[]): Problem {
  const withTls = entryPoints.flatMap(({ name, tls }) => (tls ? [name] : []));
  const [which, hint] =
    withTls.length === 0
      ? ["No entry point", "Configure a TLS entry point."]
      : ["No default entry point", `Name one that has, in spec.entryPoints: ${withTls.join(", ")}.`];
  return problem("EntryPointNotTLS", object, "spec.tls", `${which} has TLS; the route is not served.`, hint);
}

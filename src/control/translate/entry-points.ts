import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { CompileSettings } from "./settings.ts";

/** Where a route is served, and what is wrong with what it asked for. */
export interface EntryPointChoice {
  /** Sorted, without duplicates; empty when it is served nowhere. */
  readonly names: readonly string[];
  readonly problems: readonly Problem[];
}

/**
 * Resolves the entry points of an IngressRoute. None named means all. With `spec.tls` a route is served on TLS entry points only:
 * a plaintext one it names explicitly is a problem, never a fallback.
 */
export function entryPointsOf(
  object: ObjectRef,
  named: readonly string[],
  onlyTls: boolean,
  settings: CompileSettings,
): EntryPointChoice {
  const known = new Map(settings.entryPoints.map((entryPoint) => [entryPoint.name, entryPoint]));
  if (named.length === 0) {
    const names = settings.entryPoints.filter((entryPoint) => entryPoint.tls || !onlyTls).map((entryPoint) => entryPoint.name);
    return { names: names.sort(), problems: names.length > 0 ? [] : [noTlsEntryPoint(object)] };
  }
  const names = new Set<string>();
  const problems: Problem[] = [];
  for (const [index, name] of named.entries()) {
    const entryPoint = known.get(name);
    const field = `spec.entryPoints[${index}]`;
    if (entryPoint === undefined) problems.push(unknownEntryPoint(object, field, name, [...known.keys()].sort()));
    else if (onlyTls && !entryPoint.tls) problems.push(plaintextEntryPoint(object, field, name));
    else names.add(name);
  }
  return { names: [...names].sort(), problems };
}

function unknownEntryPoint(object: ObjectRef, field: string, name: string, known: readonly string[]): Problem {
  const hint = known.length === 0 ? "No entry point is configured." : `Entry points here: ${known.join(", ")}.`;
  return problem("EntryPointNotFound", object, field, `There is no entry point "${name}"; the route is not served there.`, hint);
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

function noTlsEntryPoint(object: ObjectRef): Problem {
  return problem(
    "EntryPointNotTLS",
    object,
    "spec.tls",
    "No entry point has TLS; the route is not served.",
    "Configure a TLS entry point.",
  );
}

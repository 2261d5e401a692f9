import { matchers } from "../../extensions/matchers/registry.gen.ts";
import { objectKey } from "../../model/object-ref.ts";
import type { Router } from "../../model/router.ts";
import { type Alternative, alternativeKey, alternativesOf } from "../../rules/alternatives.ts";

/** A router, where its rule stands in its object, and what it claims. */
export interface Claim {
  readonly router: Router;
  readonly field: string;
  /** Where it competes with others, sorted: the entry points that serve it, or the parents it hangs under. */
  readonly arenas: readonly string[];
  /** The rule multiplied out; null when it is too large to be compared with others. */
  readonly alternatives: readonly Alternative[] | null;
  /** The same for two claims whose traffic and rank are the same, but for age and name. */
  readonly key: string;
}

export function claimOf(router: Router, field: string): Claim {
  const alternatives = alternativesOf(router.rule, matchers);
  return { router, field, arenas: arenasOf(router), alternatives, key: claimKey(router, alternatives) };
}

/** Whether a router, at a place, claims what a claim says. */
export function isClaimOf(claim: Claim, router: Router, field: string): boolean {
  const former = claim.router;
  return (
    former === router ||
    (claim.field === field &&
      former.tlsOption === router.tlsOption &&
      former.id === router.id &&
      former.ruleText === router.ruleText &&
      JSON.stringify([former.rank, arenasOf(former)]) === JSON.stringify([router.rank, arenasOf(router)]))
  );
}

/** No entry point has a slash in its name, and every object has. */
function arenasOf({ entryPoints, parents }: Router): readonly string[] {
  return parents?.map(objectKey) ?? entryPoints;
}

/** Names a claim in a message that another one reads: by its field alone where both are of one object. */
export function nameClaim({ router, field }: Claim, reader: Claim): string {
  const { kind, namespace, name } = router.origin;
  const of = reader.router.origin;
  const isSameObject = kind === of.kind && namespace === of.namespace && name === of.name;
  return isSameObject ? field : `${kind} "${namespace}/${name}" (${field})`;
}

/** A rule that nobody can fulfil claims nothing, so that it shares its key with no other. */
function claimKey({ id, rank, ruleText }: Router, alternatives: readonly Alternative[] | null): string {
  const traffic = alternatives?.length === 0 ? id : (alternatives?.map(alternativeKey).sort().join("\n") ?? ruleText);
  return `${rank.priority} ${rank.host} ${rank.path} ${rank.pathLength} ${rank.predicates} ${traffic}`;
}

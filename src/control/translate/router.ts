import { hash } from "node:crypto";
import { matchers } from "../../extensions/matchers/registry.gen.ts";
import { type ResourceId, resourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import type { ProblemCode } from "../../model/problem-codes.ts";
import type { Rank } from "../../model/rank.ts";
import type { Router } from "../../model/router.ts";
import type { Rule } from "../../model/rule.ts";
import { printRule } from "../../rules/printer.ts";
import { specificity } from "../../rules/specificity.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { groupsOf } from "./entry-points.ts";
import type { ClassFace } from "./translation.ts";

/** A rule that parses, and what its object says of it. */
export interface RouterDraft {
  readonly object: StoredObject;
  /** Tells the rule apart from the others of its object (see `RuleKeys`). */
  readonly key: string;
  /** Tells the routers of one rule apart, of which each serves some of its entry points; absent where there is one. */
  readonly group?: string;
  /** Position of the rule in its object. */
  readonly index: number;
  readonly rule: Rule;
  readonly priority: number;
  readonly entryPoints: readonly string[];
  /** The objects whose routers it hangs under; empty or absent for a root. */
  readonly parents?: readonly ObjectRef[];
  /** Whether routers hang under it, so that it can do without a service of its own. */
  readonly isParent?: boolean;
  /** The TLSOption of its connections, as in `Router`. */
  readonly tlsOption?: ResourceId<"tlsOption"> | null | undefined;
}

/** What the requests of a rule get; `obstacles` are the reasons why it cannot be had, each of which makes a tombstone. */
export interface Treatment {
  readonly middlewares: readonly ResourceId<"middleware">[];
  readonly service: ResourceId<"service"> | null;
  readonly obstacles: readonly Problem[];
}

/** What an object without creationTimestamp counts as: not yet created. */
const NOT_CREATED = Number.MAX_SAFE_INTEGER;

/** An object being deleted is younger than every other one, so that it never wins a conflict. */
const DELETING = Number.MAX_SAFE_INTEGER + 1;

/** The codes that say something referred to is not there, perhaps not yet. */
const MISSING: ReadonlySet<string> = new Set<ProblemCode>(["MiddlewareNotFound", "ServiceNotFound", "ServicePortNotFound"]);

/**
 * The routers of a rule: one for each group of entry points that treat requests alike, most often one. What an entry point does comes
 * before what the rule says, and what it cannot do makes a tombstone there.
 */
export function makeRouters(draft: RouterDraft, treatment: Treatment, face: ClassFace): readonly Router[] {
  return groupsOf(draft.entryPoints, face).map(({ entryPoints, middlewares, obstacles, key }) =>
    makeRouter(
      { ...draft, entryPoints, key: `${draft.key}${key}`, group: key },
      {
        middlewares: middlewares.length === 0 ? treatment.middlewares : [...middlewares, ...treatment.middlewares],
        service: treatment.service,
        obstacles: [...treatment.obstacles, ...obstacles],
      },
    ),
  );
}

/** Makes the router of a rule; with an obstacle it is a tombstone, which keeps the rule's place and answers 503. */
export function makeRouter(draft: RouterDraft, treatment: Treatment): Router {
  const { object, rule, parents = [], isParent = false, tlsOption } = draft;
  const stands = treatment.obstacles.length === 0 && (treatment.service !== null || isParent);
  // In the order of keys, as `canonicalJson` wants them.
  const router: Router = {
    entryPoints: draft.entryPoints,
    id: resourceId("router", object.ref, draft.key),
    middlewares: stands ? treatment.middlewares : [],
    origin: object.ref,
    rank: rankOf(draft),
    rule,
    ruleText: printRule(rule),
    service: stands ? treatment.service : null,
    tombstone: stands ? null : [...new Set(treatment.obstacles.map((obstacle) => obstacle.code))].sort(),
  };
  if (parents.length === 0 && !(stands && isParent) && tlsOption === undefined) return router;
  return {
    ...router,
    ...(parents.length > 0 ? { parents } : {}),
    ...(stands && isParent ? { isParent } : {}),
    ...(tlsOption === undefined ? {} : { tlsOption }),
  };
}

/** Whether a router is a tombstone for no other reason than that something it refers to is missing: `orConsent`, or the leave to. */
export function missesReference({ tombstone }: Router, orConsent: boolean): boolean {
  if (tombstone === null || tombstone.length === 0) return false;
  return tombstone.every((code) => MISSING.has(code) || (orConsent && code === "NotPermitted"));
}

function rankOf({ object, rule, priority, index, group = "" }: RouterDraft): Rank {
  const { kind, namespace, name } = object.ref;
  const { host, path, pathLength, predicates } = specificity(rule, matchers);
  return {
    createdAtMs: object.deleting ? DELETING : (object.createdAtMs ?? NOT_CREATED),
    host,
    index,
    object: `${namespace}/${name}/${kind}${group}`,
    path,
    pathLength,
    predicates,
    priority,
  };
}

/** Names the rules of one object by what they say, never by where they stand, so that moving one changes nothing. */
export class RuleKeys {
  readonly #seen = new Map<string, number>();

  /** The key of a rule: a short hash of its text; the second of two equal texts gets `#2`, and so on. */
  take(text: string): string {
    const key = hash("sha256", text, "hex").slice(0, 16);
    const count = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, count);
    return count === 1 ? key : `${key}#${count}`;
  }
}

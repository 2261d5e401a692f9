import type { ResourceId } from "./ids.ts";
import type { ObjectRef } from "./object-ref.ts";
import type { Rank } from "./rank.ts";
import type { Rule } from "./rule.ts";

/** Which requests (a rule, on entry points) get which treatment (middlewares, then a service). */
export interface Router {
  readonly id: ResourceId<"router">;
  /** The object it was compiled from. */
  readonly origin: ObjectRef;
  /** Names of the entry points that serve it, sorted. Already resolved: never empty by meaning "all". Empty where it has parents. */
  readonly entryPoints: readonly string[];
  readonly rule: Rule;
  /** The rule in canonical spelling, for people: logs, `explain`, the admin API. */
  readonly ruleText: string;
  readonly rank: Rank;
  /** In the order they run; chains are already expanded. */
  readonly middlewares: readonly ResourceId<"middleware">[];
  /** Who answers. Null in a tombstone, and in a parent that leaves every request to its children. */
  readonly service: ResourceId<"service"> | null;
  /**
   * Set when the rule parses but cannot be built: the router keeps its place and answers 503, so that its traffic never falls
   * to a broader router. Holds the codes of the problems that made it one.
   */
  readonly tombstone: readonly string[] | null;
  /**
   * The objects whose routers it hangs under, sorted by `objectKey`; never empty. Absent: it is a root. A request that passed the
   * middlewares of one of these routers is tried against the rules of all children, in the order of their ranks.
   */
  readonly parents?: readonly ObjectRef[];
  /**
   * The TLSOption that connections must have for this router to serve their requests. Absent: the default one. Null: one that cannot be
   * honoured; the router is a tombstone then.
   */
  readonly tlsOption?: ResourceId<"tlsOption"> | null;
  /** Present where routers hang under this one. What no child takes its own service answers, and 404 where it has none. */
  readonly isParent?: true;
}

/** How many routers a request passes at most, the root counted. */
export const LAYERS_MAX = 8;

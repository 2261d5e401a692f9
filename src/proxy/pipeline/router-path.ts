import type { Hooks } from "../../extensions/middlewares/contract.ts";
import { FAILURES, type Failure } from "../../model/failure.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import { LAYERS_MAX } from "../../model/router.ts";
import type { RequestFacts } from "../../rules/request-facts.ts";
import type { LiveService } from "../upstream/live-load-balancer.ts";
import type { LiveRouter } from "../worker/live-router.ts";
import type { RouteSource } from "./engine.ts";

const NO_HOOKS: readonly Hooks[] = [];

/** The routers one request passes, layer by layer, and their hooks in one list. Each client connection has one and uses it again. */
export class RouterPath {
  /** Hooks of all routers so far, outermost first. Borrowed until the next `begin` or `clear`. */
  hooks: readonly Hooks[] = NO_HOOKS;
  #router: LiveRouter<LiveService> | null = null;
  #length = 0;
  readonly #joined: Hooks[] = [];
  /** The routers above the last one. */
  readonly #parents: LiveRouter<LiveService>[] = [];

  /** Starts at the router of the first layer, which is no tombstone. */
  begin(router: LiveRouter<LiveService>): void {
    this.#router = router;
    this.#length = 1;
    this.hooks = router.middlewares;
  }

  /** The object that the last router so far is made of; null for none. */
  get origin(): ObjectRef | null {
    return this.#router?.data.origin ?? null;
  }

  /** Whether the request would still go this way, through the same middlewares. */
  isCurrent(routes: RouteSource): boolean {
    if (this.#router === null || !routes.isCurrent(this.#router)) return false;
    return this.#length === 1 || this.#parents.every((parent) => routes.isCurrent(parent));
  }

  /** Nobody has the request: there are no hooks. */
  clear(): void {
    this.#router = null;
    this.hooks = NO_HOOKS;
  }

  /**
   * Where the request goes once all `hooks` have let it pass: the service that answers, why it gets none, or null: `hooks` has grown
   * by those of a child, chosen for the request as it is now. Allocates: nothing in the long run.
   */
  next(routes: RouteSource, facts: RequestFacts): LiveService | Failure | null {
    const { layer, service } = this.#router as LiveRouter<LiveService>;
    if (layer === null) return service as LiveService;
    const child = routes.child(layer, facts);
    if (child === null) return service ?? FAILURES.NoRoute;
    // The operator lets nothing be deeper; a proxy does not count on it.
    if (child.isTombstone || this.#length === LAYERS_MAX) return FAILURES.Tombstone;
    this.#join(child);
    return null;
  }

  #join(child: LiveRouter<LiveService>): void {
    if (this.#length === 1) {
      this.#joined.length = 0;
      this.#parents.length = 0;
      for (const hooks of this.hooks) this.#joined.push(hooks);
    }
    for (const hooks of child.middlewares) this.#joined.push(hooks);
    this.#length++;
    this.#parents.push(this.#router as LiveRouter<LiveService>);
    this.#router = child;
    this.hooks = this.#joined;
  }
}

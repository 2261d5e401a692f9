import type { HookResult, Hooks } from "../../extensions/middlewares/contract.ts";
import type { Exchange, Reply } from "../../extensions/middlewares/exchange.ts";
import type { Failure } from "../../model/failure.ts";

/** Where a run of request hooks stopped, told to the one who runs them. */
export interface HookOutcome {
  /** Counts exchanges up: what comes later is for the exchange that asked, or for nobody. */
  readonly exchangeNumber: number;
  /** Every hook let the request pass. */
  onPassed(): void;
  /** The middleware at `position` answers. */
  onReply(reply: Reply, position: number): void;
  /** The middleware at `position` ends the request with a failure, which is to be answered. */
  onHookFailed(failure: Failure, position: number): void;
}

/**
 * Runs request hooks in order from `from`. Synchronous as long as hooks are: the first that returns a promise leaves the rest for
 * later. Returns false then. Allocates: nothing while hooks are synchronous.
 */
export function runRequestHooks(middlewares: readonly Hooks[], from: number, exchange: Exchange, outcome: HookOutcome): boolean {
  for (let i = from; i < middlewares.length; i++) {
    const hooks = middlewares[i] as Hooks;
    if (hooks.onRequest === undefined) continue;
    const result = hooks.onRequest(exchange);
    if (result instanceof Promise) {
      goOnLater(result, middlewares, i, exchange, outcome);
      return false;
    }
    if (result !== undefined) {
      settle(result, i, outcome);
      return true;
    }
  }
  outcome.onPassed();
  return true;
}

/** Runs response hooks of the first `count` middlewares, last first. */
export function runResponseHooks(middlewares: readonly Hooks[], count: number, exchange: Exchange): void {
  for (let i = count - 1; i >= 0; i--) (middlewares[i] as Hooks).onResponse?.(exchange);
}

function goOnLater(
  promise: Promise<HookResult>,
  middlewares: readonly Hooks[],
  position: number,
  exchange: Exchange,
  outcome: HookOutcome,
): void {
  const number = outcome.exchangeNumber;
  // A rejection is a bug of the hook: it is left unhandled, and ends the worker as every broken invariant does.
  void promise.then((result) => {
    if (outcome.exchangeNumber !== number) return;
    if (result !== undefined) settle(result, position, outcome);
    else runRequestHooks(middlewares, position + 1, exchange, outcome);
  });
}

function settle(result: Reply | Failure, position: number, outcome: HookOutcome): void {
  if ("status" in result) outcome.onReply(result, position);
  else outcome.onHookFailed(result, position);
}

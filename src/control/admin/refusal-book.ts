import type { ProxyAnswer } from "../../channel/proxy-stream.ts";
import { originOf, type ResourceId } from "../../model/ids.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";

/** Refusals remembered of one proxy: one that refuses more has one cause, not many. */
const REFUSALS_MAX = 1_000;

/** What a reason may take of a message, in characters. */
const REASON_LENGTH_MAX = 300;

/** What the proxies that are connected refuse to build, as problems of the objects it comes from. */
export class RefusalBook {
  readonly #proxies = new Map<string, readonly (readonly [ResourceId, string])[]>();

  /** A proxy said what it runs. What it refuses of it replaces what it refused before; a snapshot refused as a whole changes nothing. */
  answered({ proxyId, class: className, refused, whole }: ProxyAnswer): void {
    if (whole !== null) return;
    const key = `${className}/${proxyId}`;
    if (refused.length === 0) this.#proxies.delete(key);
    else
      this.#proxies.set(
        key,
        refused.slice(0, REFUSALS_MAX).map(({ id, reason }) => [id, reason.slice(0, REASON_LENGTH_MAX)]),
      );
  }

  /** A proxy's stream ended. */
  gone(proxyId: string, className: string): void {
    this.#proxies.delete(`${className}/${proxyId}`);
  }

  /** One for each resource and reason, with the number of proxies. */
  problems(): readonly Problem[] {
    const counts = new Map<string, { readonly id: ResourceId; readonly reason: string; proxies: number }>();
    for (const refused of this.#proxies.values()) {
      for (const [id, reason] of refused) {
        const key = `${id} ${reason}`;
        const known = counts.get(key);
        if (known === undefined) counts.set(key, { id, reason, proxies: 1 });
        else known.proxies += 1;
      }
    }
    return [...counts.values()].map(({ id, reason, proxies }) => {
      const who = proxies === 1 ? "A proxy refuses" : `${proxies} proxies refuse`;
      return problem("ResourceRefused", originOf(id), "", `${who} it: ${reason}`);
    });
  }
}

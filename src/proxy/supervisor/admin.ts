import { type AdminRoutes, commonRoutes, type ProbedProcess } from "../../telemetry/admin-server.ts";

/** What a proxy's admin port shows. */
export interface AdminSource extends ProbedProcess {
  metrics(): string;
  /** What is live, redacted JSON. */
  describe(): Promise<string>;
  /**
   * Ends a worker as a crash would, its connections with it: that of `slot`, or the one that has run for longest. Null when there is none;
   * its slot otherwise.
   */
  terminateWorker(slot: number | null): number | null;
}

/** The paths of a proxy's admin port; those for debugging only where they are asked for. */
export function adminRoutes(source: AdminSource, withDebug: boolean): AdminRoutes {
  return {
    ...commonRoutes(source, () => source.metrics()),
    "/api/snapshot": {
      audience: "thisMachine",
      page: async () => ({ status: 200, type: "application/json", body: await source.describe() }),
    },
    ...(withDebug ? debugRoutes(source) : {}),
  };
}

function debugRoutes(source: AdminSource): AdminRoutes {
  return {
    "/debug/terminate-worker": {
      audience: "thisMachine",
      method: "POST",
      page: (query) => {
        const wanted = query.get("slot");
        const slot = source.terminateWorker(wanted === null ? null : Number(wanted));
        if (slot === null) return { status: 404, type: "text/plain; charset=utf-8", body: "no such worker carries traffic\n" };
        return { status: 200, type: "application/json", body: `${JSON.stringify({ slot })}\n` };
      },
    },
  };
}

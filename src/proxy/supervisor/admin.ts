import { type AdminRoutes, commonRoutes, type ProbedProcess } from "../../telemetry/admin-server.ts";

/** What a proxy's admin port shows. */
export interface AdminSource extends ProbedProcess {
  metrics(): string;
  /** What is live, redacted JSON. */
  describe(): Promise<string>;
}

/** The paths of a proxy's admin port. */
export function adminRoutes(source: AdminSource): AdminRoutes {
  return {
    ...commonRoutes(source, () => source.metrics()),
    "/api/snapshot": {
      audience: "thisMachine",
      page: async () => ({ status: 200, type: "application/json", body: await source.describe() }),
    },
  };
}

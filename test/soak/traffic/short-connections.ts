import { between, pause } from "../soak-run.ts";
import { anyBody, SoakClient, type Traffic } from "./client.ts";

/** A connection for each request: some say `Connection: close`, some just go. */
export const shortConnections: Traffic = {
  kind: "short connections",
  clients: 3,
  session: async (run, kind) => {
    const client = new SoakClient(run, kind);
    const body = between(run, 0, 4) === 0 ? anyBody(run, 5_000) : {};
    await client.ask(client.question({ ...body, fields: between(run, 0, 1) === 0 ? "Connection: close\r\n" : "" }));
    await client.end();
    await pause(run, between(run, 5, 80));
  },
};

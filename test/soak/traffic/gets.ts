import { between, pause } from "../soak-run.ts";
import { SoakClient, type Traffic } from "./client.ts";

const REQUESTS = 40;

/** Small GETs, and a HEAD now and then, over a connection that is kept. */
export const gets: Traffic = {
  kind: "small GETs",
  clients: 6,
  session: async (run, kind) => {
    const client = new SoakClient(run, kind);
    for (let i = 0; i < REQUESTS && !run.isOver; i++) {
      await client.ask(client.question(i % 10 === 0 ? { method: "HEAD", replyFraming: "length" } : {}));
      await pause(run, between(run, 5, 80));
    }
    await client.end();
  },
};

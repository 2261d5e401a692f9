import { between, pause } from "../soak-run.ts";
import { anyBody, SoakClient, type Traffic } from "./client.ts";

const REQUESTS = 20;
const BODY_BYTES = 100_000;

/** Requests with a body whose length is told, over a connection that is kept; the server thinks now and then. */
export const posts: Traffic = {
  kind: "POSTs",
  clients: 3,
  session: async (run, kind) => {
    const client = new SoakClient(run, kind);
    for (let i = 0; i < REQUESTS && !run.isOver; i++) {
      const delayMs = i % 5 === 0 ? between(run, 1, 300) : 0;
      const fields = i % 7 === 0 ? "Expect: 100-continue\r\n" : "";
      await client.ask(client.question({ ...anyBody(run, BODY_BYTES), delayMs, fields }));
      await pause(run, between(run, 10, 100));
    }
    await client.end();
  },
};

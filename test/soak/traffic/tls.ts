import { anyPiece, between, pause } from "../soak-run.ts";
import { anyBody, SoakClient, secureOf, type Traffic } from "./client.ts";

const REQUESTS_MAX = 15;
const REPLY_BYTES = 300_000;

/** GETs and POSTs over TLS, from one request to some per connection. */
export const tls: Traffic = {
  kind: "TLS",
  clients: 3,
  session: async (run, kind) => {
    const client = new SoakClient(run, kind, secureOf(run));
    const requests = between(run, 1, REQUESTS_MAX);
    for (let i = 0; i < requests && !run.isOver; i++) {
      const body = i % 3 === 1 ? anyBody(run, 50_000) : {};
      const reply = i % 5 === 4 ? { reply: anyPiece(run, 1, REPLY_BYTES) } : {};
      await client.ask(client.question({ ...body, ...reply }));
      await pause(run, between(run, 10, 100));
    }
    await client.end();
  },
};

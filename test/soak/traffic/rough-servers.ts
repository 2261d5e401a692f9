import { anyPiece, between, pause } from "../soak-run.ts";
import { anyBody, SoakClient, type Traffic } from "./client.ts";

const REQUESTS = 20;
const REPLY_BYTES = 300_000;

/** Requests to servers that are killed now and then: only what is under way to one of them at that moment may fail. */
export const roughServers: Traffic = {
  kind: "servers that are killed",
  clients: 3,
  session: async (run, kind) => {
    const client = new SoakClient(run, kind);
    for (let i = 0; i < REQUESTS && !run.isOver; i++) {
      const body = i % 3 === 0 ? anyBody(run, 100_000) : {};
      const reply = i % 4 === 1 ? { reply: anyPiece(run, 1, REPLY_BYTES) } : {};
      await client.ask(client.question({ ...body, ...reply, slot: run.rough, delayMs: i % 6 === 0 ? 30 : 0 }));
      await pause(run, between(run, 5, 60));
    }
    await client.end();
  },
};

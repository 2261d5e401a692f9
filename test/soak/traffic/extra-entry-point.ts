import { between, pause } from "../soak-run.ts";
import { anyBody, SoakClient, type Traffic } from "./client.ts";

const REQUESTS_MAX = 6;

/** Requests on the entry point that comes and goes, for as long as it is there. */
export const extraEntryPoint: Traffic = {
  kind: "entry point that goes",
  clients: 2,
  session: async (run, kind) => {
    await pause(run, between(run, 20, 100));
    // A client learns where to go from what is live, and is the first to come when it opens.
    if (!run.hasExtra.latest) return;
    const client = new SoakClient(run, kind, { port: run.ports.extra, isTls: false, isExtra: true });
    const requests = between(run, 1, REQUESTS_MAX);
    for (let i = 0; i < requests && !run.isOver && run.hasExtra.latest; i++) {
      await client.ask(client.question(i % 2 === 0 ? {} : anyBody(run, 10_000)));
      await pause(run, between(run, 10, 100));
    }
    await client.end();
  },
};

import { BODY_BYTES_MAX } from "../noise.ts";
import { anyPiece, between, pause } from "../soak-run.ts";
import { SoakClient, type Traffic } from "./client.ts";

const REQUESTS = 5;

/** Bodies of 1 MiB, in chunks and with a length. */
export const downloads: Traffic = {
  kind: "1 MiB downloads",
  clients: 2,
  session: async (run, kind) => {
    const client = new SoakClient(run, kind);
    for (let i = 0; i < REQUESTS && !run.isOver; i++) {
      await client.ask(client.question({ reply: anyPiece(run, BODY_BYTES_MAX, BODY_BYTES_MAX) }));
      await pause(run, between(run, 50, 400));
    }
    await client.end();
  },
};

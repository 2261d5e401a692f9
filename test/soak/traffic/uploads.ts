import type { Piece } from "../contract.ts";
import { noise } from "../noise.ts";
import { between, pause, type SoakRun } from "../soak-run.ts";
import type { WireConnection } from "../wire-connection.ts";
import { anyBody, chunk, SoakClient, type Traffic } from "./client.ts";

const REQUESTS = 5;
const BODY_BYTES = 400_000;
const CHUNK_BYTES = 60_000;

/** Uploads in chunks of any size, with pauses between some. */
export const uploads: Traffic = {
  kind: "chunked uploads",
  clients: 2,
  session: async (run, kind) => {
    const client = new SoakClient(run, kind);
    for (let i = 0; i < REQUESTS && !run.isOver; i++) {
      const question = client.question({ ...anyBody(run, BODY_BYTES), bodyFraming: "chunked" });
      await client.ask(question, async (connection) => {
        connection.send(question.head);
        await sendInPieces(run, connection, question.options.body as Piece);
      });
      await pause(run, between(run, 10, 200));
    }
    await client.end();
  },
};

async function sendInPieces(run: SoakRun, connection: WireConnection, { offset, length }: Piece): Promise<void> {
  for (let at = 0; at < length && connection.broken === null; ) {
    const size = Math.min(length - at, between(run, 1, CHUNK_BYTES));
    connection.send(chunk(noise(offset + at, size)));
    at += size;
    if (run.random() < 0.3) await new Promise((resolve) => setTimeout(resolve, between(run, 1, 30)));
    await connection.sent();
  }
  connection.send("0\r\n\r\n");
}

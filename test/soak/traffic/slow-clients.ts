import type { Piece } from "../contract.ts";
import { BODY_BYTES_MAX, noise } from "../noise.ts";
import { anyPiece, between, type SoakRun } from "../soak-run.ts";
import type { WireConnection } from "../wire-connection.ts";
import { anyBody, SoakClient, type Traffic } from "./client.ts";

/** How long a head or a body takes to send, and the time between two pieces of it. */
const SENDING_MS = 2_500;
const PIECE_MS = 10;
/** Between two reads of 64 KiB at most: a download takes two seconds or so. */
const READ_MS = 100;

/** Clients that take their time: a head that comes a byte at a time, a body in dribs and drabs, an answer that is read slowly. */
export const slowClients: Traffic = {
  kind: "slow clients",
  clients: 4,
  session: async (run, kind) => {
    const client = new SoakClient(run, kind);
    const which = between(run, 0, 2);
    if (which === 0) {
      const question = client.question();
      await client.ask(question, (connection) => sendSlowly(connection, Buffer.from(question.head)));
    } else if (which === 1) {
      const question = client.question(anyBody(run, 50_000));
      await client.ask(question, async (connection) => {
        connection.send(question.head);
        const { offset, length } = question.options.body as Piece;
        await sendSlowly(connection, noise(offset, length));
      });
    } else await readSlowly(run, client);
    await client.end();
  },
};

async function readSlowly(run: SoakRun, client: SoakClient): Promise<void> {
  const question = client.question({ reply: anyPiece(run, BODY_BYTES_MAX, BODY_BYTES_MAX) });
  await client.ask(question, async (connection) => {
    connection.readSlowly(READ_MS);
    connection.send(question.head);
  });
}

/** Sends bytes evenly over some time: a few at a time, more when this machine is too busy to wake up as often. */
async function sendSlowly(connection: WireConnection, bytes: Buffer): Promise<void> {
  const beganMs = performance.now();
  for (let at = 0; at < bytes.length; ) {
    await new Promise((resolve) => setTimeout(resolve, PIECE_MS));
    const due = Math.min(bytes.length, Math.ceil(((performance.now() - beganMs) / SENDING_MS) * bytes.length));
    connection.send(bytes.subarray(at, due));
    at = due;
  }
}

import type { Piece } from "../contract.ts";
import { BODY_BYTES_MAX, noise } from "../noise.ts";
import { anyPiece, between, type SoakRun } from "../soak-run.ts";
import type { WireConnection } from "../wire-connection.ts";
import { anyBody, SoakClient, type Traffic } from "./client.ts";

const HEAD_BYTE_MS = 8;
const BODY_PIECES = 20;
const BODY_PIECE_MS = 100;
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
      await client.ask(question, (connection) => sendHeadSlowly(connection, question.head));
    } else if (which === 1) {
      const question = client.question(anyBody(run, 50_000));
      await client.ask(question, async (connection) => {
        connection.send(question.head);
        await sendBodySlowly(connection, question.options.body as Piece);
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

async function sendHeadSlowly(connection: WireConnection, head: string): Promise<void> {
  for (const byte of Buffer.from(head)) {
    connection.send(Buffer.of(byte));
    await new Promise((resolve) => setTimeout(resolve, HEAD_BYTE_MS));
  }
}

async function sendBodySlowly(connection: WireConnection, { offset, length }: Piece): Promise<void> {
  const step = Math.ceil(length / BODY_PIECES);
  for (let at = 0; at < length; at += step) {
    connection.send(noise(offset + at, Math.min(step, length - at)));
    await new Promise((resolve) => setTimeout(resolve, BODY_PIECE_MS));
  }
}

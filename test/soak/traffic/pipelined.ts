import { noise } from "../noise.ts";
import type { Question } from "../question.ts";
import { soakMs } from "../soak-clock.ts";
import { between, pause } from "../soak-run.ts";
import type { WireConnection } from "../wire-connection.ts";
import { anyBody, SoakClient, type Traffic } from "./client.ts";

const ROUNDS = 5;
const DEPTH_MAX = 12;

/** Several requests at once on a connection, some with a body; answers come in order. */
export const pipelined: Traffic = {
  kind: "pipelining",
  clients: 2,
  session: async (run, kind) => {
    const client = new SoakClient(run, kind);
    for (let round = 0; round < ROUNDS && !run.isOver; round++) {
      const depth = between(run, 2, DEPTH_MAX);
      const questions = Array.from({ length: depth }, (_, i) => client.question(i % 4 === 3 ? anyBody(run, 2_000) : {}));
      await askAll(client, questions);
      await pause(run, between(run, 20, 200));
    }
    await client.end();
  },
};

async function askAll(client: SoakClient, questions: readonly Question[]): Promise<void> {
  const { ledger } = client.run;
  for (const _ of questions) ledger.asked(client.kind);
  const sentMs = soakMs();
  let connection: WireConnection | null = null;
  for (const question of questions) {
    try {
      connection ??= await client.connection();
      if (question === questions[0]) connection.send(Buffer.concat(questions.flatMap(bytesOf)));
      await client.take(question, connection, sentMs);
    } catch (error) {
      client.fail(question, error, sentMs);
    }
  }
}

function bytesOf({ head, options: { body } }: Question): readonly Buffer[] {
  return body === null ? [Buffer.from(head)] : [Buffer.from(head), noise(body.offset, body.length)];
}

import { BODY_BYTES_MAX, noise } from "../noise.ts";
import type { Question } from "../question.ts";
import { anyPiece, between, pause, type SoakRun } from "../soak-run.ts";
import { ConnectionBroken, type WireConnection } from "../wire-connection.ts";
import { SoakClient, secureOf, type Traffic, webOf } from "./client.ts";

/** Bytes of a body that is promised, and those that come. */
const PROMISED_BYTES = 10_000;
const SENT_BYTES = 3_000;

/** Where a client goes away, by FIN or reset: in its head, in its body, before the answer, in the answer. */
const STAGES = ["head", "body", "answer", "download"] as const;

/** Clients that go away without a word at any stage. Nothing is expected of them but that nothing is left of them. */
export const vanishingClients: Traffic = {
  kind: "vanishing clients",
  clients: 2,
  session: async (run, kind) => {
    const client = new SoakClient(run, kind, between(run, 0, 3) === 0 ? secureOf(run) : webOf(run));
    const stage = STAGES[between(run, 0, STAGES.length - 1)] as (typeof STAGES)[number];
    const question = questionFor(run, client, stage);
    run.ledger.asked(kind);
    try {
      await begin(await client.connection(), question, stage);
    } catch (error) {
      if (!(error instanceof ConnectionBroken)) throw error;
    }
    await pause(run, between(run, 0, 60));
    client.vanish(between(run, 0, 1) === 0);
    run.ledger.abandoned(kind);
    await pause(run, between(run, 50, 300));
  },
};

function questionFor(run: SoakRun, client: SoakClient, stage: (typeof STAGES)[number]): Question {
  if (stage === "body") return client.question({ method: "POST", body: { offset: 0, length: PROMISED_BYTES } });
  if (stage === "download") return client.question({ reply: anyPiece(run, BODY_BYTES_MAX, BODY_BYTES_MAX) });
  return client.question({ delayMs: 50 });
}

async function begin(connection: WireConnection, { head }: Question, stage: (typeof STAGES)[number]): Promise<void> {
  connection.send(stage === "head" ? head.slice(0, head.length / 2) : head);
  if (stage === "body") connection.send(noise(0, SENT_BYTES));
  if (stage === "download") await connection.raw(1);
}

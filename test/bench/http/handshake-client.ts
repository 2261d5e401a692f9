import { once } from "node:events";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { AnswerReader } from "./answer-reader.ts";
import type { ClientPlan, Load } from "./load.ts";
import { Tally } from "./tally.ts";

type Plan = Extract<ClientPlan, { kind: "handshakes" }>;

/** What an RSA or an ECDSA certificate can sign: a client that offers these alone gets one of that kind. */
const SIGNATURES = { ecdsa: "ecdsa_secp256r1_sha256", rsa: "rsa_pss_rsae_sha256:rsa_pkcs1_sha256" };

/** Opens connections, one request on each, so many at a time, for so long. Latency is from the connection's start to the answer. */
export async function shakeHands(plan: Plan): Promise<Load> {
  const tally = new Tally();
  const beginMs = performance.now();
  const endMs = beginMs + plan.seconds * 1_000;
  const lane = async (at: number) => {
    const session = plan.isResumed ? (await ask(plan, at, null)).session : null;
    for (let index = at; performance.now() < endMs; index += plan.connections) {
      const startMs = performance.now();
      try {
        const { isReused } = await ask(plan, index, session);
        if (isReused !== plan.isResumed) tally.fail(plan.isResumed ? "not resumed" : "resumed");
        tally.answer(performance.now() - startMs);
      } catch (error) {
        tally.fail((error as Error).message);
      }
    }
  };
  await Promise.all(Array.from({ length: plan.connections }, (_, at) => lane(at)));
  return tally.load((performance.now() - beginMs) / 1_000);
}

interface Shaken {
  /** The last ticket that came, or the session of TLS 1.2. */
  readonly session: Buffer | null;
  readonly isReused: boolean;
}

async function ask(plan: Plan, index: number, session: Buffer | null): Promise<Shaken> {
  const request = plan.requests[index % plan.requests.length] as string;
  const socket = connect(optionsOf(plan, session));
  let ticket: Buffer | null = null;
  socket.on("session", (given: Buffer) => {
    ticket = given;
  });
  let isReused = false;
  socket.on("secureConnect", () => {
    isReused = socket.isSessionReused();
    socket.write(request, "latin1");
  });
  await answered(socket).finally(() => socket.destroy());
  return { session: ticket, isReused };
}

function optionsOf({ port, version, certificate }: Plan, session: Buffer | null): ConnectionOptions {
  const common = {
    host: "127.0.0.1",
    port,
    servername: "app-0.example.com",
    rejectUnauthorized: false,
    sigalgs: SIGNATURES[certificate],
  };
  return { ...common, minVersion: version, maxVersion: version, ...(session === null ? {} : { session }) };
}

/** Resolves when a whole answer with 200 has come and the server has closed the connection. */
async function answered(socket: TLSSocket): Promise<void> {
  const reader = new AnswerReader();
  let isWhole = false;
  let wrong: Error | null = null;
  socket.on("data", (bytes: Buffer) => {
    try {
      isWhole ||= reader.take(bytes);
    } catch (error) {
      wrong = error as Error;
    }
  });
  await once(socket, "close");
  if (wrong !== null) throw wrong;
  if (!isWhole) throw new Error("the connection closed before an answer");
}

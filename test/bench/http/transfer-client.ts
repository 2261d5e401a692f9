import { once } from "node:events";
import { connect } from "node:net";
import { AnswerReader } from "./answer-reader.ts";
import type { ClientPlan, Load } from "./load.ts";
import { Tally } from "./tally.ts";

type Plan = Extract<ClientPlan, { kind: "transfers" }>;

const PIECE = Buffer.alloc(256 * 1024, "u");

/** Makes so many transfers, each connection one after the other; what it reads it reads into one buffer. */
export async function transferBodies(plan: Plan): Promise<Load> {
  const tally = new Tally();
  const left = { count: plan.count };
  const beginMs = performance.now();
  await Promise.all(Array.from({ length: plan.connections }, () => transferOver(plan, left, tally)));
  return tally.load((performance.now() - beginMs) / 1_000);
}

async function transferOver(plan: Plan, left: { count: number }, tally: Tally): Promise<void> {
  const reader = new AnswerReader();
  const buffer = Buffer.allocUnsafe(PIECE.length);
  const done = Promise.withResolvers<void>();
  let beginMs = 0;
  const socket = connect({
    port: plan.port,
    host: "127.0.0.1",
    noDelay: true,
    onread: {
      buffer,
      callback: (count: number) => {
        try {
          if (!reader.take(buffer.subarray(0, count))) return true;
          tally.answer(performance.now() - beginMs);
          next();
        } catch (error) {
          fail((error as Error).message);
        }
        return true;
      },
    },
  });
  const fail = (what: string) => {
    tally.fail(what);
    socket.destroy();
  };
  const next = () => {
    if (left.count <= 0) {
      socket.destroy();
      done.resolve();
      return;
    }
    const request = plan.requests[left.count-- % plan.requests.length] as string;
    beginMs = performance.now();
    socket.write(request, "latin1");
    upload(plan.uploadBytes);
  };
  const upload = (bytes: number) => {
    let rest = bytes;
    while (rest > 0) {
      const piece = rest < PIECE.length ? PIECE.subarray(0, rest) : PIECE;
      rest -= piece.length;
      if (!socket.write(piece)) break;
    }
    if (rest > 0) socket.once("drain", () => upload(rest));
  };
  socket.on("error", (error) => tally.fail(error.message));
  socket.once("close", () => done.resolve());
  await once(socket, "connect");
  next();
  await done.promise;
}

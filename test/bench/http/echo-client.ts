import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientPlan, Load } from "./load.ts";
import { Tally } from "./tally.ts";

type Plan = Extract<ClientPlan, { kind: "echo" }>;

const FIN_TEXT = 0x81;
const MASKED = 0x80;
const MASK = [0x12, 0x34, 0x56, 0x78] as const;

/** Opens WebSockets, each of which sends a message, waits until it is back, and sends the next. */
export async function echoMessages(plan: Plan): Promise<Load> {
  const tally = new Tally();
  const clients = await Promise.all(Array.from({ length: plan.connections }, () => open(plan, tally)));
  const beginMs = performance.now();
  for (const { begin } of clients) begin();
  await sleep(plan.seconds * 1_000);
  for (const { end } of clients) end();
  return tally.load((performance.now() - beginMs) / 1_000);
}

async function open(plan: Plan, tally: Tally): Promise<{ readonly begin: () => void; readonly end: () => void }> {
  const { frame, answer } = message(plan.messageBytes);
  const socket = connect({ port: plan.port, host: "127.0.0.1", noDelay: true });
  socket.on("error", (error) => tally.fail(error.message));
  await once(socket, "connect");
  socket.write(plan.request, "latin1");
  const [head] = (await once(socket, "data")) as [Buffer];
  if (!head.toString("latin1").startsWith("HTTP/1.1 101")) tally.fail(head.toString("latin1", 0, 200));
  let sentMs = 0;
  let isEnded = false;
  const send = () => {
    sentMs = performance.now();
    socket.write(frame);
  };
  socket.on("data", (bytes: Buffer) => {
    if (isEnded) return;
    if (!bytes.equals(answer)) tally.fail(`not what was sent: ${bytes.toString("latin1").slice(0, 100)}`);
    tally.answer(performance.now() - sentMs);
    send();
  });
  socket.once("close", () => {
    if (!isEnded) tally.fail("connection closed");
  });
  const end = () => {
    isEnded = true;
    socket.destroy();
  };
  return { begin: send, end };
}

/** A text message as a client sends it, masked, and as it comes back (RFC 6455, section 5.2). For up to 125 bytes. */
function message(bytes: number): { readonly frame: Buffer; readonly answer: Buffer } {
  const text = Buffer.alloc(bytes, "message ");
  const masked = text.map((byte, index) => byte ^ (MASK[index & 3] as number));
  return {
    frame: Buffer.concat([Buffer.from([FIN_TEXT, MASKED | bytes, ...MASK]), masked]),
    answer: Buffer.concat([Buffer.from([FIN_TEXT, bytes]), text]),
  };
}

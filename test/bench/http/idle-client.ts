import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { AnswerReader } from "./answer-reader.ts";
import { http2HeadersOf } from "./equality.ts";

// A process that opens connections, asks once on each, says what came of it, and keeps them until it is ended.

/** How many connections open at a time. */
const AT_ONCE = 32;

export interface IdlePlan {
  readonly kind: "plain" | "tls" | "h2";
  readonly port: number;
  readonly connections: number;
  /** A request's head, as HTTP/1.1 has it. */
  readonly request: string;
}

export interface IdleLoad {
  readonly open: number;
  readonly failed: number;
  /** The first failure, in words. */
  readonly example: string;
}

async function openAll(plan: IdlePlan): Promise<IdleLoad> {
  let [open, failed, example, next] = [0, 0, "", 0];
  const lane = async () => {
    while (next++ < plan.connections) {
      try {
        await (plan.kind === "h2" ? openHttp2(plan) : openHttp1(plan));
        open++;
      } catch (error) {
        failed++;
        example ||= (error as Error).message;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return { open, failed, example };
}

function secured({ port, request }: IdlePlan, protocol: string) {
  const servername = http2HeadersOf(request)[":authority"] ?? "";
  return connectTls({ host: "127.0.0.1", port, servername, ALPNProtocols: [protocol], rejectUnauthorized: false });
}

async function openHttp1(plan: IdlePlan): Promise<void> {
  const socket = plan.kind === "tls" ? secured(plan, "http/1.1") : connect({ host: "127.0.0.1", port: plan.port });
  const reader = new AnswerReader();
  const answered = Promise.withResolvers<void>();
  socket.on("data", (bytes: Buffer) => {
    try {
      if (reader.take(bytes)) answered.resolve();
    } catch (error) {
      answered.reject(error);
    }
  });
  socket.on("error", (error) => answered.reject(error));
  socket.once("close", () => answered.reject(new Error("connection closed")));
  socket.write(plan.request, "latin1");
  await answered.promise;
}

async function openHttp2(plan: IdlePlan): Promise<void> {
  const session = connectHttp2("https://bench", { createConnection: () => secured(plan, "h2") });
  session.on("error", () => session.destroy());
  const stream = session.request(http2HeadersOf(plan.request));
  const [answer] = (await once(stream, "response")) as [{ readonly ":status"?: number }];
  stream.resume();
  if (answer[":status"] !== 200) throw new Error(`status ${answer[":status"]}`);
  await once(stream, "close");
}

const plan = process.env.IDLE_PLAN;
if (plan !== undefined) process.stdout.write(`${JSON.stringify(await openAll(JSON.parse(plan) as IdlePlan))}\n`);

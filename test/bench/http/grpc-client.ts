import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { connect as connectTls } from "node:tls";
import type { ClientPlan, Load } from "./load.ts";
import { Tally } from "./tally.ts";
import { GRPC } from "./workload.ts";

type Plan = Extract<ClientPlan, { kind: "grpc" }>;

/** A message as gRPC frames it: not compressed, its length, its bytes. */
const MESSAGE = Buffer.concat([Buffer.from([0, 0, 0, 0, 64]), Buffer.alloc(64, "g")]);

/** Calls that echo messages: each unary call one, or each stream of a call one after the other. Each lane waits for its echo before it goes on. */
export async function callGrpc(plan: Plan): Promise<Load> {
  const tally = new Tally();
  const sessions = Array.from({ length: plan.connections }, () => open(plan));
  const beginMs = performance.now();
  const endMs = beginMs + plan.seconds * 1_000;
  const lane = plan.isStreaming ? streamUntil : callUntil;
  const lanes = sessions.flatMap((session) => Array.from({ length: plan.streams }, () => lane(session, endMs, tally)));
  await Promise.all(lanes.map((each) => each.catch((error: Error) => tally.fail(error.message))));
  const load = tally.load((performance.now() - beginMs) / 1_000);
  for (const session of sessions) session.destroy();
  return load;
}

function open({ port }: Plan): ClientHttp2Session {
  const session = connectHttp2(`https://${GRPC.host}`, {
    createConnection: () =>
      connectTls({ host: "127.0.0.1", port, servername: GRPC.host, ALPNProtocols: ["h2"], rejectUnauthorized: false }),
  });
  session.on("error", () => session.destroy());
  return session;
}

function begin(session: ClientHttp2Session): ClientHttp2Stream {
  const stream = session.request({
    ":method": "POST",
    ":path": GRPC.path,
    ":authority": GRPC.host,
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.on("error", () => stream.destroy());
  return stream;
}

async function callUntil(session: ClientHttp2Session, endMs: number, tally: Tally): Promise<void> {
  while (performance.now() < endMs) {
    const startMs = performance.now();
    const stream = begin(session);
    let bytes = 0;
    stream.on("data", (piece: Buffer) => {
      bytes += piece.length;
    });
    stream.end(MESSAGE);
    const status = await statusOf(stream);
    if (status !== "0" || bytes !== MESSAGE.length) throw new Error(`grpc-status ${status}, ${bytes} bytes`);
    tally.answer(performance.now() - startMs);
  }
}

async function streamUntil(session: ClientHttp2Session, endMs: number, tally: Tally): Promise<void> {
  const stream = begin(session);
  let [startMs, bytes] = [performance.now(), 0];
  stream.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes < MESSAGE.length) return;
    bytes -= MESSAGE.length;
    const nowMs = performance.now();
    tally.answer(nowMs - startMs);
    startMs = nowMs;
    if (nowMs < endMs) stream.write(MESSAGE);
    else stream.end();
  });
  stream.write(MESSAGE);
  const status = await statusOf(stream);
  if (status !== "0") throw new Error(`grpc-status ${status}`);
}

/** The status in the trailers; what came instead when there are none. */
async function statusOf(stream: ClientHttp2Stream): Promise<string> {
  let status = "none";
  const take = (fields: IncomingHttpHeaders) => {
    status = String(fields["grpc-status"] ?? status);
  };
  stream.once("response", (fields) => {
    if (fields[":status"] !== 200) status = `none, but HTTP ${fields[":status"]}`;
    take(fields);
  });
  stream.once("trailers", take);
  await once(stream, "close");
  return status;
}

import { afterAll, beforeAll, expect, test } from "vitest";
import { ANY, entryPoint, match, route, TestProxy } from "../scenario/http1/harness.ts";
import { RawClient } from "../scenario/http1/raw-client.ts";
import { looksWhole, plainForm } from "./plain-form.ts";
import { cutAt, ScriptedServer } from "./scripted-server.ts";
import { type ExchangeVector, readExchanges } from "./vectors.ts";

/** Replays that run at the same time. */
const AT_ONCE = 8;
/** How long what is wanted may take to come about. */
const PATIENCE_MS = 5_000;

let server: ScriptedServer;
let proxy: TestProxy;

beforeAll(async () => {
  server = await ScriptedServer.start();
  // The path of OPTIONS * begins with no slash: a rule for paths does not match it.
  const whole = route("whole", match("Method", "OPTIONS"), [server.address]);
  proxy = await TestProxy.start({}, [entryPoint("web"), ...route("app", ANY, [server.address]), ...whole]);
});

afterAll(async () => {
  await proxy.close();
  server.close();
});

test.each(readExchanges("exchange"))("$title ($where)", async (vector) => {
  const atOnce = vector.runsAlone ? 1 : AT_ONCE;
  await replay(vector, 0, 0);
  const replays = [
    ...Array.from({ length: vector.client.length - 1 }, (_, i) => () => replay(vector, i + 1, 0)),
    ...Array.from({ length: vector.answer.length - 1 }, (_, i) => () => replay(vector, 0, i + 1)),
  ];
  for (let i = 0; i < replays.length; i += atOnce) await Promise.all(replays.slice(i, i + atOnce).map((run) => run()));
});

/** One exchange, the client's bytes cut at one place and the server's at another (0: not cut). */
async function replay(vector: ExchangeVector, clientCut: number, answerCut: number): Promise<void> {
  const part = server.expect(vector, answerCut);
  const client = await RawClient.connect(proxy.port());
  try {
    for (const piece of cutAt(vector.client, clientCut)) {
      client.send(piece);
      await nextTurn();
    }
    const seen = () => ({
      // What comes of a body that is cut short depends on when it is cut: all that counts is that nobody takes it for whole.
      client: vector.ends === "reset" ? looksWhole(client.received) : plainForm(client.received, vector.methods),
      server: vector.isPart ? looksWhole(part.received()) : plainForm(part.received()),
      ends: endOf(client),
    });
    const wanted = {
      client: vector.ends === "reset" ? false : vector.outcome,
      server: vector.isPart ? false : vector.server,
      ends: vector.ends,
    };
    const isThere = () => part.isPlayed() && JSON.stringify(seen()) === JSON.stringify(wanted);
    for (const deadline = Date.now() + PATIENCE_MS; !isThere() && Date.now() < deadline; ) await nextTurn();
    expect({ clientCut, answerCut, ...seen() }).toEqual({ clientCut, answerCut, ...wanted });
  } finally {
    part.end();
    client.close();
  }
}

function endOf(client: RawClient): ExchangeVector["ends"] {
  if (client.error !== null) return "reset";
  return client.hasEnded ? "closed" : "open";
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

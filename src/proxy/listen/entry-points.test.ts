import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Clock } from "../../kernel/clock.ts";
import type { EntryPoint } from "../../model/entry-point.ts";
import { resourceId } from "../../model/ids.ts";
import { CounterRow, newCounterRow } from "../../telemetry/worker-counters.ts";
import { TIMEOUTS } from "../http1/limits.ts";
import { Deadlines } from "../pipeline/deadlines.ts";
import { ConnectionLimits } from "./connection-limits.ts";
import { EntryPoints } from "./entry-points.ts";
import { newTally, SharedTally } from "./shared-tally.ts";

/** Moves when the test says so. */
let nowMs = 0;
const clock: Clock = { now: () => nowMs, monotonicMs: () => nowMs, after: () => () => {} };
const WEB: EntryPoint = {
  id: resourceId("entryPoint", { kind: "FairwayClass", namespace: "", name: "test" }, "web"),
  name: "web",
  host: "127.0.0.1",
  port: 0,
  tls: false,
  trustedProxies: [],
};

let deadlines: Deadlines;
let entryPoints: EntryPoints;

beforeEach(async () => {
  nowMs = 1_000;
  deadlines = new Deadlines(clock, 1_000);
  entryPoints = new EntryPoints({
    engine: {
      access: null,
      routes: { route: () => null, child: () => null, isCurrent: () => true, renewService: () => {} },
      isDraining: false,
      deadlines,
      timeouts: TIMEOUTS,
      counters: new CounterRow(newCounterRow()),
    },
    tls: {
      contextFor: () => {
        throw new Error("nobody comes with TLS");
      },
    } as never,
    readMode: "fresh",
    limits: new ConnectionLimits(new SharedTally(newTally(1), 0)),
    overload: { isStrained: false, isShedding: false },
    entryPointBit: () => 1,
  });
  await change([WEB]);
});

afterEach(() => {
  entryPoints.close();
  entryPoints.destroyConnections();
});

async function change(wanted: readonly EntryPoint[]): Promise<void> {
  await entryPoints.prepare(wanted);
  entryPoints.switch();
}

/** Lets time pass, with a sweep at each full second. */
function pass(seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    nowMs = Math.floor(nowMs / 1_000) * 1_000 + 1_000;
    deadlines.sweep();
  }
}

async function visit(port: number): Promise<void> {
  const socket = connect({ host: "127.0.0.1", port });
  await once(socket, "connect");
  socket.destroy();
  const before = entryPoints.lastAcceptMs;
  while (entryPoints.lastAcceptMs === before && before !== deadlines.nowMs) await new Promise((resolve) => setImmediate(resolve));
}

test("an entry point that left closes when no connection has come for 2 s, not sooner, however coarse the clock is", async () => {
  const listener = entryPoints.listener("web");
  const port = listener?.port ?? 0;
  // By the clock of sweeps this was a second ago already.
  nowMs += 900;
  await change([]);
  pass(2);
  expect(listener?.isClosed).toBe(false);
  nowMs += 100;
  await visit(port);
  pass(2);
  expect(listener?.isClosed).toBe(false);
  pass(1);
  expect(listener?.isClosed).toBe(true);
});

test("who comes keeps it open for 2 s more, but nobody longer than 15 s", async () => {
  const listener = entryPoints.listener("web");
  const port = listener?.port ?? 0;
  await change([]);
  for (let second = 0; second < 14; second++) {
    pass(1);
    await visit(port);
    expect(listener?.isClosed).toBe(false);
  }
  pass(1);
  expect(listener?.isClosed).toBe(true);
});

test("one that was about to be wanted again, and is not, closes as if nothing had been", async () => {
  const listener = entryPoints.listener("web");
  await change([]);
  pass(1);
  await entryPoints.prepare([WEB]);
  entryPoints.forget();
  pass(2);
  expect(listener?.isClosed).toBe(true);
});

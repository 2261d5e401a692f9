import fc from "fast-check";
import { expect, test } from "vitest";
import { FakeApi } from "../../../test/kubernetes/fake-api.ts";
import { SimulatedReplica } from "../../../test/kubernetes/simulated-replica.ts";
import { SimulatedTime } from "../../../test/kubernetes/simulated-time.ts";
import { NO_TROUBLE } from "../../../test/kubernetes/unreliable-api.ts";
import { ApiUnreachable } from "../api/api.ts";
import { leaseTiming } from "./lease-timing.ts";

const TIMING = leaseTiming(15_000);

interface Set {
  readonly time: SimulatedTime;
  readonly api: FakeApi;
  readonly replica: (name: string, rate?: number, offsetMs?: number) => SimulatedReplica;
}

function setUp(seed = 1): Set {
  const time = new SimulatedTime();
  const api = new FakeApi({ now: () => time.nowMs });
  const random = fc.sample(fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })), {
    numRuns: 1,
    seed,
  })[0]!;
  return {
    time,
    api,
    replica: (name, rate = 1, offsetMs = 0) =>
      new SimulatedReplica({ name, time, api, timing: TIMING, random: () => random.next().value as number, rate, offsetMs }),
  };
}

function lease(api: FakeApi) {
  const { metadata, spec } = api.get("Lease", "fairway-system", "fairway-operator")!;
  return { metadata, spec: spec as Record<string, unknown> };
}

test("the first replica makes the Lease and holds it; another one waits and knows where the holder is", async () => {
  const { time, api, replica } = setUp();
  const [a, b] = [replica("a"), replica("b")];
  a.election.start();
  await time.pass(100);
  b.election.start();
  await time.pass(60_000);
  expect([a.told, b.told]).toEqual([["acquired 1"], []]);
  expect(b.holder).toEqual({ identity: "a", url: "https://a:9443" });
  expect(a.holder).toBeNull();
  const { metadata, spec } = lease(api);
  expect(spec).toMatchObject({ holderIdentity: "a", leaseDurationSeconds: 15, leaseTransitions: 1 });
  expect(a.terms[0]).toMatchObject({ number: 1n, lease: metadata.uid });
  expect(spec.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
});

test("a replica that has seen nothing yet takes a Lease that nobody has, and renews it before it takes part by itself", async () => {
  const { time, replica } = setUp();
  const [a, b] = [replica("a"), replica("b")];
  const begun = a.election.startIfFree();
  await time.pass(100);
  await begun;
  b.election.start();
  await time.pass(60_000);
  a.election.start();
  await time.pass(60_000);
  expect([a.told, b.told]).toEqual([["acquired 1"], []]);
  expect(a.election.term).toBe(a.terms[0]);
});

test("a replica that has seen nothing yet leaves a Lease alone that somebody has, and one that is given back meanwhile", async () => {
  const { time, replica } = setUp();
  const [a, b] = [replica("a"), replica("b")];
  a.election.start();
  await time.pass(100);
  const begun = b.election.startIfFree();
  await time.pass(100);
  await begun;
  const leaving = a.election.stop();
  await time.pass(5_000);
  await leaving;
  expect(b.told).toEqual([]);
  b.election.start();
  await time.pass(100);
  expect(b.told).toEqual(["acquired 2"]);
});

test.each([0, 1, 2, 5, 10])(
  "a replica that is stopped %i ms after it looked whether the Lease is free does not keep it",
  async (ms) => {
    const { time, api, replica } = setUp();
    const a = replica("a");
    const begun = a.election.startIfFree();
    await time.pass(ms);
    const stopped = a.election.stop();
    await time.pass(5_000);
    await Promise.all([begun, stopped]);
    const spec = api.get("Lease", "fairway-system", "fairway-operator")?.spec as { readonly holderIdentity?: string } | undefined;
    expect(spec?.holderIdentity ?? "").toBe("");
    expect(a.election.term).toBeNull();
  },
);

test("a holder that leaves gives the Lease back, and the next one has it at once and is known to the one that left", async () => {
  const { time, replica } = setUp();
  const [a, b] = [replica("a"), replica("b")];
  a.election.start();
  await time.pass(100);
  b.election.start();
  await time.pass(10_000);
  const leaving = a.election.stop();
  expect(a.election.term).toBeNull();
  expect(a.terms[0]?.signal.aborted).toBe(true);
  await time.pass(100);
  expect(b.told).toEqual(["acquired 2"]);
  expect(await leaving).toEqual({ identity: "b", url: "https://b:9443" });
  expect(a.told, "leaving is no loss").toEqual(["acquired 1"]);
});

test("a holder that leaves alone waits a second for a successor, and no longer", async () => {
  const { time, api, replica } = setUp();
  const a = replica("a");
  a.election.start();
  await time.pass(5_000);
  let left: unknown = "not yet";
  void a.election.stop().then((successor) => {
    left = successor;
  });
  await time.pass(900);
  expect(left).toBe("not yet");
  await time.pass(200);
  expect(left).toBeNull();
  expect(lease(api).spec.holderIdentity).toBe("");
});

test("a holder that dies is succeeded when its Lease has run out, by the clock of the one that waits", async () => {
  const { time, replica } = setUp();
  const [a, b] = [replica("a"), replica("b", 1, -3_600_000)];
  a.election.start();
  await time.pass(100);
  b.election.start();
  await time.pass(10_000);
  a.clock.pause(1e9);
  await time.pass(TIMING.durationMs - TIMING.retryMs * 1.3);
  expect(b.told).toEqual([]);
  await time.pass(TIMING.retryMs * 1.5);
  expect(b.told).toEqual(["acquired 2"]);
});

test("a holder that cannot renew stops before anybody else may begin, and takes part again", async () => {
  const { time, replica } = setUp();
  const a = replica("a");
  a.election.start();
  await time.pass(10_000);
  a.api.trouble = { ...NO_TROUBLE, requestsLost: 1 };
  await time.pass(TIMING.fenceMs + TIMING.retryMs);
  expect(a.told).toEqual(["acquired 1", "lost: the Lease could not be renewed for 10000 ms"]);
  expect(a.terms[0]?.isCurrent()).toBe(false);
  a.api.trouble = NO_TROUBLE;
  await time.pass(TIMING.attemptMs + TIMING.retryMs * 2);
  expect(a.told.slice(2), "in a new term, so that what comes now comes after").toEqual(["acquired 2"]);
});

test("after standing still for long, a holder knows that its term is over before it is told", async () => {
  const { time, replica } = setUp();
  const a = replica("a");
  a.election.start();
  await time.pass(5_000);
  a.clock.pause(TIMING.fenceMs + 5_000);
  let seen: boolean | null = null;
  a.clock.whenAwake(() => {
    seen = a.election.term !== null || a.terms[0]!.isCurrent();
  });
  await time.pass(TIMING.fenceMs + 5_001);
  expect(seen).toBe(false);
});

test("a Lease that someone deletes ends the term; the next is counted by the new Lease", async () => {
  const { time, api, replica } = setUp();
  const a = replica("a");
  a.election.start();
  await time.pass(5_000);
  const former = a.terms[0]?.lease;
  api.remove("Lease", "fairway-system", "fairway-operator");
  await time.pass(TIMING.retryMs * 3);
  expect(a.told).toEqual(["acquired 1", "lost: the Lease was deleted", "acquired 1"]);
  expect(a.terms[1]?.lease).not.toBe(former);
});

test("who has seen a Lease held takes its place, when it is deleted, only after the holder must have noticed", async () => {
  const { time, api, replica } = setUp();
  const [a, b] = [replica("a"), replica("b")];
  a.election.start();
  await time.pass(100);
  b.election.start();
  await time.pass(5_000);
  a.api.trouble = { ...NO_TROUBLE, requestsLost: 1 };
  api.remove("Lease", "fairway-system", "fairway-operator");
  await time.pass(TIMING.fenceMs - TIMING.retryMs);
  expect([a.told, b.told]).toEqual([["acquired 1"], []]);
  await time.pass(TIMING.durationMs);
  expect([a.told.length, b.told]).toEqual([2, ["acquired 1"]]);
});

test("what others write into the Lease beside its holder is kept, and ends no term", async () => {
  const { time, api, replica } = setUp();
  const a = replica("a");
  a.election.start();
  await time.pass(5_000);
  const object = api.get("Lease", "fairway-system", "fairway-operator")!;
  api.put({ ...object, metadata: { ...object.metadata, labels: { team: "edge" } } });
  await time.pass(20_000);
  expect(a.told).toEqual(["acquired 1"]);
  expect(lease(api).metadata.labels).toEqual({ team: "edge" });
});

test("when taking over fails, the Lease is given back and the other one has it", async () => {
  const { time, replica } = setUp();
  const [a, b] = [replica("a"), replica("b")];
  a.takeOver = () => Promise.reject(new Error("secrets cannot be listed"));
  a.election.start();
  await time.pass(1);
  b.election.start();
  await time.pass(1_000);
  expect(a.told).toEqual(["acquired 1", "lost: taking over failed: secrets cannot be listed"]);
  await time.pass(TIMING.retryMs * 2);
  expect(b.told).toEqual(["acquired 2"]);
});

test("a replica whose request was carried out without its knowing does not wait for itself", async () => {
  const { time, api, replica } = setUp();
  const a = replica("a");
  a.api.trouble = { ...NO_TROUBLE, answersLost: 1 };
  a.election.start();
  await time.pass(1_000);
  a.api.trouble = NO_TROUBLE;
  api.intercept = () => {};
  await time.pass(TIMING.attemptMs * 2 + TIMING.retryMs * 2);
  expect(a.election.term).not.toBeNull();
});

test("an API server that refuses everybody is told and outlived", async () => {
  const { time, api, replica } = setUp();
  const a = replica("a");
  api.intercept = () => {
    throw new ApiUnreachable("connection refused");
  };
  a.election.start();
  await time.pass(60_000);
  expect(a.problems.length).toBeGreaterThan(10);
  expect(a.told).toEqual([]);
  api.intercept = () => {};
  await time.pass(TIMING.retryMs * 2);
  expect(a.told).toEqual(["acquired 1"]);
});

/** Something that happens to one of the replicas at some time. */
const incidents = fc.record({
  atMs: fc.nat({ max: 120_000 }),
  replica: fc.nat({ max: 2 }),
  what: fc.oneof(
    fc.record({ pauseMs: fc.nat({ max: 40_000 }) }),
    fc.record({
      troubleMs: fc.nat({ max: 40_000 }),
      delayMs: fc.nat({ max: 8_000 }),
      requestsLost: fc.constantFrom(0, 0.5, 1),
      answersLost: fc.constantFrom(0, 0.5, 1),
    }),
    fc.record({ endWatches: fc.constant(true) }),
  ),
});

test("never do two replicas write at a time, and terms go up, whatever clocks, threads and the network do", async () => {
  const rates = fc.tuple(...Array.from({ length: 3 }, () => fc.double({ min: 0.92, max: 1.08, noNaN: true })));
  await fc.assert(
    fc.asyncProperty(fc.array(incidents, { maxLength: 12 }), rates, fc.nat(), async (happenings, speeds, seed) => {
      const { time, api, replica } = setUp(seed);
      const replicas = speeds.map((speed, index) => replica(`r${index}`, speed, index * 86_400_000));
      for (const { atMs, replica: index, what } of happenings) {
        const { api: view, clock } = replicas[index]!;
        time.after(atMs, () => {
          if ("pauseMs" in what) clock.pause(what.pauseMs);
          else if ("troubleMs" in what) {
            view.trouble = what;
            time.after(what.troubleMs, () => {
              view.trouble = NO_TROUBLE;
            });
          } else api.endWatches(new ApiUnreachable("broken off"));
        });
      }
      for (const { election } of replicas) election.start();
      const written = new Map<string, bigint>();
      await time.pass(180_000, () => {
        const writing = replicas.filter(({ writes }) => writes);
        expect(writing.map(({ name }) => name).length, `at ${time.nowMs}: ${writing.map(({ name }) => name)}`).toBeLessThan(2);
        const term = writing[0]?.election.term;
        if (!term) return;
        expect(term.number).toBeGreaterThanOrEqual(written.get(term.lease) ?? 0n);
        written.set(term.lease, term.number);
      });
      // All is well again for longer than a Lease lasts.
      await time.pass(60_000);
      expect(replicas.filter(({ writes }) => writes)).toHaveLength(1);
      for (const { election } of replicas) void election.stop();
      await time.pass(20_000);
    }),
    { numRuns: 40 },
  );
}, 120_000);

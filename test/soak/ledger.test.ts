import { expect, test } from "vitest";
import { type FailedRequest, Ledger } from "./ledger.ts";

function failure(endedMs: number, what = "reset"): FailedRequest {
  return { kind: "get", what, sentMs: 0, endedMs, broken: null, servers: [], mayBeClosed: false };
}

test("every request that is asked ends once, and what has not is open", () => {
  const ledger = new Ledger(() => "killedWorker");
  for (let i = 0; i < 5; i++) ledger.asked("get");
  ledger.asked("post");
  ledger.right("get");
  ledger.right("get");
  ledger.wrong("get", "another's body");
  ledger.abandoned("post");
  ledger.failed(failure(10));
  expect(ledger.open).toBe(2);
  ledger.settle(11);
  expect(ledger.open).toBe(1);
  expect(ledger.total()).toMatchObject({
    asked: 6,
    right: 2,
    wrong: 1,
    abandoned: 1,
    failed: { killedWorker: 1, unexplained: 0 },
  });
  expect(ledger.counts().map(({ kind, asked, right }) => [kind, asked, right])).toEqual([
    ["get", 5, 2],
    ["post", 1, 0],
  ]);
});

test("a failure is explained once, and not before there was time to learn of its cause", () => {
  const asked: number[] = [];
  const ledger = new Ledger((failed) => {
    asked.push(failed.endedMs);
    return "killedServer";
  });
  ledger.failed(failure(10));
  ledger.failed(failure(20));
  ledger.settle(15);
  expect(asked).toEqual([10]);
  ledger.settle(30);
  ledger.settle(40);
  expect(asked).toEqual([10, 20]);
});

test("wrong answers and unexplained failures are told, explained ones are counted", () => {
  const ledger = new Ledger(({ what }) => (what === "reset" ? "killedWorker" : "unexplained"));
  ledger.failed(failure(1, "reset"));
  ledger.failed(failure(2, "502"));
  ledger.wrong("get", "not its id");
  ledger.settle(3);
  expect(ledger.examples).toEqual(["wrong: get: not its id", "unexplained: get: 502 (2 ms in)"]);
});

test("examples are bounded, counts are not", () => {
  const ledger = new Ledger(() => "unexplained");
  for (let i = 0; i < 1_000; i++) ledger.wrong("get", "no");
  expect(ledger.examples).toHaveLength(20);
  expect(ledger.total().wrong).toBe(1_000);
});

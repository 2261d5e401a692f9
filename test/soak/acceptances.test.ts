import { expect, test } from "vitest";
import { Acceptances } from "./acceptances.ts";

const PORTS = { entryPort: 80, clientPort: 5_000 };

function killedAt(fromMs: number, untilMs: number, thread = 7): Acceptances {
  const acceptances = new Acceptances();
  acceptances.killing(thread, fromMs).untilMs = untilMs;
  return acceptances;
}

test("a connection of a killed worker that breaks as it goes is explained by that", () => {
  const acceptances = killedAt(1_000, 1_100);
  acceptances.add({ ...PORTS, thread: 7, atMs: 500 });
  expect(acceptances.causeOf({ ...PORTS, openedMs: 500, brokenMs: 1_050 })).toBe("killedWorker");
  expect(acceptances.causeOf({ ...PORTS, openedMs: 500, brokenMs: 999 }), "before the kill").toBeNull();
  expect(acceptances.causeOf({ ...PORTS, openedMs: 500, brokenMs: 9_000 }), "long after").toBeNull();
});

test("a connection of another worker is not, whenever it breaks", () => {
  const acceptances = killedAt(1_000, 1_100);
  acceptances.add({ ...PORTS, thread: 8, atMs: 500 });
  expect(acceptances.causeOf({ ...PORTS, openedMs: 500, brokenMs: 1_050 })).toBeNull();
});

test("a connection that no worker had is, only while one is killed", () => {
  const acceptances = killedAt(1_000, 1_100);
  expect(acceptances.causeOf({ ...PORTS, openedMs: 990, brokenMs: 1_050 })).toBe("queuedOnKilledWorker");
  expect(acceptances.causeOf({ ...PORTS, openedMs: 5_000, brokenMs: 5_010 })).toBeNull();
});

test("what is known of a port's earlier connection says nothing about its next", () => {
  const acceptances = killedAt(1_000, 1_100);
  acceptances.add({ ...PORTS, thread: 8, atMs: 100 });
  expect(acceptances.causeOf({ ...PORTS, openedMs: 900, brokenMs: 1_050 })).toBe("queuedOnKilledWorker");
  acceptances.add({ ...PORTS, thread: 7, atMs: 901 });
  expect(acceptances.causeOf({ ...PORTS, openedMs: 900, brokenMs: 1_050 })).toBe("killedWorker");
});

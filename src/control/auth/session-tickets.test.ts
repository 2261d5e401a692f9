import { expect, test } from "vitest";
import { FakeApi } from "../../../test/kubernetes/fake-api.ts";
import { ProcessClock, SimulatedTime } from "../../../test/kubernetes/simulated-time.ts";
import { SessionTickets, TICKET_LIFETIME_MS } from "./session-tickets.ts";

function setUp() {
  const time = new SimulatedTime();
  const api = new FakeApi();
  const problems: string[] = [];
  const state = { isHolder: true };
  const tickets = new SessionTickets({
    api,
    namespace: "fairway-system",
    isHolder: () => state.isHolder,
    onProblem: (problem) => problems.push(problem),
    clock: new ProcessClock(time),
  });
  return { time, api, problems, state, tickets };
}

function secretIn(api: FakeApi): string {
  const { data } = api.get("Secret", "fairway-system", "fairway-session-tickets") as unknown as { data: { secret: string } };
  return data.secret;
}

test("the holder makes the Secret, leaves it alone for a day, and makes it anew then", async () => {
  const { time, api, tickets, problems } = setUp();
  await tickets.start();
  const first = secretIn(api);
  expect(Buffer.from(first, "base64")).toHaveLength(32);
  await time.pass(TICKET_LIFETIME_MS / 2);
  expect(secretIn(api)).toBe(first);
  await time.pass(TICKET_LIFETIME_MS);
  expect(secretIn(api)).not.toBe(first);
  expect(problems).toEqual([]);
  tickets.stop();
});

test("a replica that does not hold the Lease writes nothing", async () => {
  const { time, api, state, tickets } = setUp();
  state.isHolder = false;
  await tickets.start();
  await time.pass(TICKET_LIFETIME_MS);
  expect(api.get("Secret", "fairway-system", "fairway-session-tickets")).toBeUndefined();
  tickets.stop();
});

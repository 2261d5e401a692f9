import { expect, test } from "vitest";
import { Slot, type SlotState } from "./slot.ts";

const first: SlotState = { service: "own", ownServer: "api", prefix: "/first", broken: false, fileNumber: 0 };

function echo(server: string, path: string) {
  return { status: 200, body: JSON.stringify({ server, path }) };
}

test("while a change is on its way both states are right; once it is live only the new one is", () => {
  const slot = new Slot("own", "IngressRoute", first);
  expect(slot.begin({ ...first, prefix: "/second" }, 100)).toBe(true);
  const before = echo("api", "/first/q");
  const after = echo("api", "/second/q");
  expect(slot.judge("/q", before, 110, 120)).toBeNull();
  expect(slot.judge("/q", after, 110, 120)).toBeNull();
  expect(slot.judge("/q", after, 80, 90)).toContain("wanted 200 by api for /first/q");

  slot.settle(200);
  expect(slot.judge("/q", before, 150, 250)).toBeNull();
  expect(slot.judge("/q", before, 201, 250)).toBe("wanted 200 by api for /second/q, got api for /first/q");
  expect(slot.judge("/q", after, 201, 250)).toBeNull();
});

test("a third party's answer, an error and the fallback are wrong at any time", () => {
  const slot = new Slot("own", "IngressRoute", first);
  slot.begin({ ...first, service: "docs" }, 100);
  for (const answer of [echo("web", "/q"), echo("docs", "/q"), { status: 503, body: "" }, { status: 404, body: "" }]) {
    expect(slot.judge("/q", answer, 110, 120)).not.toBeNull();
  }
});

test("changes that no client can see are told apart from those that one can", () => {
  const slot = new Slot("own", "IngressRoute", { ...first, service: "docs" });
  expect(slot.begin({ ...slot.state, ownServer: "web" }, 1)).toBe(false);
  expect(slot.begin({ ...slot.state, broken: true }, 2)).toBe(false);
  expect(slot.begin({ ...slot.state, fileNumber: 1 }, 3)).toBe(false);
  expect(slot.begin({ ...slot.state, service: null }, 4)).toBe(true);
});

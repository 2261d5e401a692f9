import { expect, test } from "vitest";
import { FakeApi } from "../../../test/kubernetes/fake-api.ts";
import { ApiUnreachable } from "../api/api.ts";
import { FencedApi } from "./fenced-api.ts";
import type { HeldTerm } from "./held-term.ts";

const READ = { method: "GET", path: "/api/v1/namespaces/fairway-system/configmaps" } as const;

function setUp() {
  const abort = new AbortController();
  const held: HeldTerm = { number: 1n, lease: "lease-1", isCurrent: () => true, signal: abort.signal };
  let term: HeldTerm | null = null;
  const server = new FakeApi();
  const fenced = new FencedApi(server, () => term);
  return { abort, server, fenced, hold: () => (term = held), lose: () => (term = null) };
}

test("nothing is sent outside of a term", async () => {
  const { server, fenced, hold, lose } = setUp();
  await expect(fenced.request(READ)).rejects.toThrow("this replica does not hold the Lease");
  hold();
  await fenced.request(READ);
  lose();
  await expect(fenced.request(READ)).rejects.toBeInstanceOf(ApiUnreachable);
  expect(server.requests).toHaveLength(1);
});

test("what is under way when the term ends is broken off, and so is what its own caller gives up", async () => {
  const { abort, server, fenced, hold } = setUp();
  hold();
  server.intercept = () => abort.abort();
  await expect(fenced.request(READ)).rejects.toBeInstanceOf(ApiUnreachable);
  const second = setUp();
  second.hold();
  const own = new AbortController();
  second.server.intercept = () => own.abort();
  await expect(second.fenced.request({ ...READ, signal: own.signal })).rejects.toBeInstanceOf(ApiUnreachable);
});

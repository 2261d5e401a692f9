import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { ResourceId } from "../model/ids.ts";
import { NackSchema } from "./gen/snapshot_pb.ts";
import { fromRefusalMessages, toRefusalMessages } from "./refusals.ts";

/** What the operator takes as one message. */
const RECEIVED_BYTES_MAX = 4 << 20;

function refusals(count: number, idChars: number, reasonChars: number) {
  return Array.from({ length: count }, (_, index) => ({
    id: `router:${index}`.padEnd(idChars, "x") as ResourceId,
    reason: "no such middleware ".repeat(reasonChars / 10).slice(0, reasonChars),
  }));
}

test("a few refusals arrive as they are", () => {
  const few = refusals(1_000, 80, 400);
  expect(fromRefusalMessages(toRefusalMessages(few))).toEqual(few);
});

test("however many there are, and however long, they fit into a message", () => {
  for (const many of [
    refusals(1_000, 700, 5_000),
    refusals(10_000, 90, 5_000),
    refusals(100_000, 90, 10),
    refusals(20_000, 700, 700),
  ]) {
    const messages = toRefusalMessages(many);
    expect(toBinary(NackSchema, create(NackSchema, { version: "v".repeat(64), refusals: messages })).length).toBeLessThan(
      RECEIVED_BYTES_MAX,
    );
    expect(messages.length).toBeGreaterThanOrEqual(1_000);
    expect(messages.every(({ id }, index) => id === many[index]?.id)).toBe(true);
  }
  expect(toRefusalMessages(refusals(10_000, 90, 5_000))).toHaveLength(10_000);
});

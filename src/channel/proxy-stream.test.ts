import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { Clock } from "../kernel/clock.ts";
import { DeltaEncoder } from "./delta-encoder.ts";
import { GoAway_Reason, ProxyMessageSchema } from "./gen/snapshot_pb.ts";
import { ProxyStream } from "./proxy-stream.ts";
import { CHANNEL_TIMING } from "./timing.ts";

test("a proxy that talks on but does not read its goodbye is cut off", () => {
  let nowMs = 0;
  const clock: Clock = { now: () => nowMs, monotonicMs: () => nowMs, after: () => () => {} };
  const host = {
    clock,
    timing: CHANNEL_TIMING,
    encoder: new DeltaEncoder(),
    current: () => null,
    mayPublish: () => true,
    position: () => ({ term: 0n, sequence: 0n, lease: "" }),
    onSubscribed: () => {},
    onAnswer: () => {},
    onEnded: () => {},
  };
  const stream = new ProxyStream(host, { hasRoom: false, send: () => {}, end: () => {} });
  const heartbeat = create(ProxyMessageSchema, { message: { case: "heartbeat", value: {} } });
  stream.goAway(GoAway_Reason.AGE, "");
  const lives: boolean[] = [];
  for (; nowMs <= CHANNEL_TIMING.silenceMs + CHANNEL_TIMING.heartbeatMs; nowMs += CHANNEL_TIMING.heartbeatMs) {
    stream.receive(heartbeat);
    lives.push(stream.tick());
  }
  expect(lives).toEqual([true, true, true, true, false]);
});

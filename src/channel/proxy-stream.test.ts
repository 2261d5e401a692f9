import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { Clock } from "../kernel/clock.ts";
import { encodeResource, SetHash } from "../model/encode.ts";
import { resourceId } from "../model/ids.ts";
import { RESOURCE_FORMATS } from "../model/resource.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { DeltaEncoder } from "./delta-encoder.ts";
import { GoAway_Reason, ProxyMessageSchema } from "./gen/snapshot_pb.ts";
import { ProxyStream, type StreamHost } from "./proxy-stream.ts";
import { CHANNEL_TIMING } from "./timing.ts";

let nowMs = 0;
const clock: Clock = { now: () => nowMs, monotonicMs: () => nowMs, after: () => () => {} };

function host(options: Partial<StreamHost> = {}): StreamHost {
  return {
    clock,
    timing: CHANNEL_TIMING,
    encoder: new DeltaEncoder(),
    current: () => null,
    mayPublish: () => true,
    position: () => ({ term: 0n, sequence: 0n, lease: "" }),
    onSubscribed: () => {},
    onAnswer: () => {},
    onEnded: () => {},
    ...options,
  };
}

test("a proxy that talks on but does not read its goodbye is cut off", () => {
  const stream = new ProxyStream(host(), { hasRoom: false, send: () => {}, end: () => {} });
  const heartbeat = create(ProxyMessageSchema, { message: { case: "heartbeat", value: {} } });
  stream.goAway(GoAway_Reason.AGE, "");
  const bornMs = nowMs;
  const lives: boolean[] = [];
  for (; nowMs - bornMs <= CHANNEL_TIMING.silenceMs + CHANNEL_TIMING.heartbeatMs; nowMs += CHANNEL_TIMING.heartbeatMs) {
    stream.receive(heartbeat);
    lives.push(stream.tick());
  }
  expect(lives).toEqual([true, true, true, true, false]);
});

/** A snapshot that takes some messages. */
function largeSnapshot(): Snapshot {
  const sum = new SetHash();
  const resources = ["a", "b", "c"].map((name) => {
    const origin = { kind: "Service", namespace: "shop", name };
    const servers = Array.from({ length: 20_000 }, (_, port) => ({ address: "10.0.0.1", port }));
    const encoded = encodeResource({ id: resourceId("endpoints", origin), origin, servers });
    sum.add(encoded.hash);
    return [encoded.id, encoded] as const;
  });
  return { class: "web", version: sum.hex(), resources: new Map(resources) };
}

test("a delta goes on where it was, whether the proxy had no room for it or nothing could be published", () => {
  const snapshot = largeSnapshot();
  const subscription = { class: "web", proxyId: "proxy-0", formats: [...RESOURCE_FORMATS] };
  const subscribe = create(ProxyMessageSchema, { message: { case: "subscribe", value: subscription } });
  const sentWith = (interrupt: (sent: number) => void) => {
    const sent: Uint8Array[] = [];
    const outlet = {
      hasRoom: true,
      send: (framed: Uint8Array) => {
        sent.push(framed);
        interrupt(sent.length);
      },
      end: () => {},
    };
    let mayPublish = true;
    const publishing = host({ current: () => (mayPublish ? snapshot : null), mayPublish: () => mayPublish });
    const stream = new ProxyStream(publishing, outlet);
    const publish = (may: boolean): void => {
      mayPublish = may;
    };
    return { sent, stream, outlet, publish, subscribe: () => stream.receive(subscribe) };
  };
  const whole = sentWith(() => {});
  whole.subscribe();
  expect(whole.sent.length).toBeGreaterThan(3);

  const slow = sentWith(() => {
    slow.outlet.hasRoom = false;
  });
  slow.subscribe();
  for (let turn = 1; turn < whole.sent.length; turn++) {
    expect(slow.sent).toHaveLength(turn);
    slow.outlet.hasRoom = true;
    slow.stream.send();
  }
  expect(slow.sent).toEqual(whole.sent);

  const held = sentWith((count) => {
    if (count === 2) held.publish(false);
  });
  held.subscribe();
  expect(held.sent).toHaveLength(2);
  held.publish(true);
  held.stream.send();
  expect(held.sent).toEqual(whole.sent);
});

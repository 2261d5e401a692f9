import { expect, test } from "vitest";
import type { EntryPoint } from "../model/entry-point.ts";
import type { ResourceId } from "../model/ids.ts";
import { problem } from "../model/problem-codes.ts";
import { eventText } from "./event-text.ts";
import type { RunEvent } from "./run-events.ts";

const web: EntryPoint = {
  id: "entryPoint:EntryPoint//web/" as ResourceId<"entryPoint">,
  name: "web",
  host: "::1",
  port: 8080,
  tls: false,
  trustedProxies: [],
};
const site = { kind: "IngressRoute", namespace: "shop", name: "site" };
const found = {
  ...problem("InvalidRule", site, "spec.routes[0].match", "The rule does not parse.", "Close the bracket."),
  file: "a.yaml",
  line: 9,
};
const version = "0123456789abcdef".repeat(4);

const LINES: readonly (readonly [RunEvent, string | null])[] = [
  [{ event: "loaded", directory: "./m", files: 1, objects: 2, ms: 12.3 }, "loaded   ./m: 1 file, 2 objects in 12 ms"],
  [{ event: "listening", entryPoint: web }, "listens  http://[::1]:8080 (web)"],
  [{ event: "listening", entryPoint: { ...web, host: "", port: 443, tls: true } }, "listens  https://0.0.0.0:443 (web)"],
  [
    { event: "problem", ...found },
    "error    a.yaml:9 IngressRoute/shop/site spec.routes[0].match: The rule does not parse. (Close the bracket.)",
  ],
  [
    { event: "problemSolved", ...found, hint: "" },
    "solved   a.yaml:9 IngressRoute/shop/site spec.routes[0].match: The rule does not parse.",
  ],
  [{ event: "problemsLeftOut", count: 7 }, "         and 7 more: see fairway check"],
  [
    {
      event: "live",
      version,
      sequence: 2,
      ms: 8.25,
      atMs: 0,
      objects: 1,
      routers: [],
      refused: [{ id: "router:x", reason: "no" }],
    },
    "live     after 8.3 ms: 1 object, 0 routes changed\nerror    router:x: no",
  ],
  [
    { event: "live", version, sequence: 2, ms: 12_345, atMs: 0, objects: null, routers: null, refused: [] },
    "live     after 12.3 s: version 0123456789ab",
  ],
  [{ event: "workerReady", slot: 0 }, null],
];

test.each(LINES)("an event reads well: %#", (event, line) => {
  expect(eventText(event)).toBe(line);
});

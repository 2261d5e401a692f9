import type { Dice } from "./dice.ts";
import { ENTRY_POINTS } from "./random-folder.ts";

/** One request, as a client sends it. */
export interface RandomRequest {
  readonly entryPoint: (typeof ENTRY_POINTS)[number];
  /** As in the Host header. */
  readonly authority: string;
  /** As on the request line. */
  readonly target: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

const AUTHORITIES = ["a.test", "b.test", "x.a.test", "y.a.test", "z.x.a.test", "other.test", "test", "10.0.0.1", "[::1]"];
const SPELLINGS = ["A.TEST", "a.test.", "a.test:8080", "B.test:443", "x.a.TEST.:80"];
const PATHS = ["/", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c", "/ab", "/b", "/b/", "/long/path/of/it", "/B"];
const PATH_SPELLINGS = [
  "//a",
  "/a//b",
  "/./a",
  "/b/../a",
  "/%61/b",
  "/a%2Fb",
  "/a%2fb/c",
  "/a;x=1",
  "/a%20b",
  "/a/%2e%2e/b",
  "/a/..",
];
const QUERIES = ["", "", "", "?", "?q=1", "?q=2", "?q=2&q=1", "?Q=1", "?flag", "?flag=&q=%31", "?q=10&x=/../y"];
const HEADERS: readonly (readonly [string, string])[] = [
  ["X-Test", "1"],
  ["x-test", "2"],
  ["X-Test", "12"],
  ["Accept", "application/json"],
  ["X-Forwarded-Proto", "https"],
];

/** A request of the few words that rules are made of, now and then in an odd spelling. */
export function randomRequest(dice: Dice): RandomRequest {
  const [authorities, paths] = [dice.chance(0.8) ? AUTHORITIES : SPELLINGS, dice.chance(0.8) ? PATHS : PATH_SPELLINGS];
  return {
    entryPoint: dice.pick(ENTRY_POINTS),
    authority: dice.pick(authorities),
    target: dice.pick(paths) + dice.pick(QUERIES),
    method: dice.pick(["GET", "GET", "GET", "POST", "DELETE", "PURGE"]),
    headers: dice.some(HEADERS, 0, 2),
  };
}

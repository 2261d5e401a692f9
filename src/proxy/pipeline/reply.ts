import type { Reply } from "../../extensions/middlewares/exchange.ts";
import { FAILURES, type Failure, type FailureCode } from "../../model/failure.ts";
import { reasonOf } from "./reasons.ts";

/** What a client is answered for each failure. This file alone settles it. */
const STATUS: Readonly<Record<FailureCode, number>> = {
  MalformedHead: 400,
  AmbiguousLength: 400,
  UnknownTransferCoding: 501,
  MalformedBody: 400,
  BodyTooLarge: 413,
  UnderscoredField: 400,
  HeadTooLarge: 431,
  TooManyHeaders: 431,
  TargetTooLong: 414,
  UnsupportedVersion: 505,
  MethodNotImplemented: 501,
  BadHost: 400,
  BadPath: 400,
  UnsupportedExpectation: 417,
  HeadTimeout: 408,
  BodyTimeout: 408,
  // Nobody reads it; it is the status that logs and counters show.
  ClientGone: 499,
  MisdirectedRequest: 421,
  NoRoute: 404,
  Tombstone: 503,
  NoServer: 503,
  Isolated: 503,
  ConnectRefused: 502,
  ServerUntrusted: 502,
  ConnectTimeout: 504,
  NameNotResolved: 502,
  UpstreamClosed: 502,
  UpstreamTimeout: 504,
  UpstreamMalformed: 502,
  UpstreamAborted: 502,
  UpgradeRefused: 400,
  TooManyEdits: 500,
  TooManyPending: 503,
  TooManyUpgrades: 503,
  ShuttingDown: 503,
};

const HEADERS: Reply["headers"] = [
  ["Content-Type", "text/plain; charset=utf-8"],
  ["X-Content-Type-Options", "nosniff"],
];

const REPLIES = Object.fromEntries(Object.keys(FAILURES).map((code) => [code, replyOf(code as FailureCode)])) as Readonly<
  Record<FailureCode, Reply>
>;

/** The answer to a request that failed. One instance per failure. */
export function replyTo(failure: Failure): Reply {
  return REPLIES[failure.code];
}

function replyOf(code: FailureCode): Reply {
  const reply = replyOfStatus(STATUS[code]);
  return code === "NoRoute" ? { ...reply, body: "404 page not found\n" } : reply;
}

/** A status with its phrase for a body. */
export function replyOfStatus(status: number): Reply {
  return { status, headers: HEADERS, body: `${status} ${reasonOf(status).toLowerCase()}\n` };
}

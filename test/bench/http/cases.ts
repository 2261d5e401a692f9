import { randomBytes } from "node:crypto";
import { wrongFlag } from "../flags.ts";
import type { Speech } from "./equality.ts";
import { saturateStreams } from "./h2load.ts";
import { type Load, runClient } from "./load.ts";
import type { Target } from "./target.ts";
import { type AskedRequest, headsOf, PATHS } from "./workload.ts";
import { saturate } from "./wrk.ts";

const MIB = 2 ** 20;

/** Share of what the first peer, or we, reach saturated at which a fixed rate is set. */
const PACED_SHARE = 0.6;

/** What a case may know when it loads a target. */
export interface Round {
  readonly folder: string;
  readonly seconds: number;
  /** Requests a second of a case that ran before, by the target's name: what a fixed rate is set by. */
  perSecond(caseName: string, target: string): number;
  /** The same of the target that sets the rate for all. */
  reference(caseName: string): number;
}

/** One row of the table. */
export interface Case {
  readonly name: string;
  readonly summary: string;
  /** What the client speaks: HTTP/1.1 unless it is said. */
  readonly speaks?: Speech;
  /** Bytes of a body that a request moves: CPU is then told by GiB as well. */
  readonly bodyBytes?: number;
  /** What runs before it and sets its rate. */
  readonly after?: string;
  load(target: Target, round: Round): Promise<Load>;
}

/** In the order in which they run. */
export const CASES: readonly Case[] = [
  saturated("keep-alive", 64, { head: "realistic" }),
  paced("keep-alive-60", "keep-alive", { head: "realistic" }),
  saturated("small", 64, { head: "small" }),
  saturated("conns-1", 1, { head: "realistic" }),
  saturated("conns-16", 16, { head: "realistic" }),
  saturated("conns-512", 512, { head: "realistic" }),
  saturated("close", 64, { head: "realistic", closes: true }),
  paced("close-60", "close", { head: "realistic", closes: true }),
  transfers("down-1m", 64, MIB, "down", 600),
  paced("down-1m-60", "down-1m", { head: "realistic", path: `${PATHS.bytes}${MIB}` }, MIB),
  transfers("up-1m", 64, MIB, "up", 600),
  transfers("down-100m", 4, 100 * MIB, "down", 6),
  transfers("up-100m", 4, 100 * MIB, "up", 6),
  webSocket("websocket", 64),
  saturated("tls-keep-alive", 64, { head: "realistic" }, "tls"),
  handshakes("tls13-ecdsa", "TLSv1.3", "ecdsa", false),
  handshakes("tls13-rsa", "TLSv1.3", "rsa", false),
  handshakes("tls12-ecdsa", "TLSv1.2", "ecdsa", false),
  handshakes("tls12-rsa", "TLSv1.2", "rsa", false),
  handshakes("tls13-resumed", "TLSv1.3", "ecdsa", true),
  handshakes("tls12-resumed", "TLSv1.2", "ecdsa", true),
  streams("h2-16x16", 16, 16),
  streams("h2-64x1", 64, 1),
  grpc("grpc-unary", false),
  grpc("grpc-streaming", true),
];

/** Cases by name; those that set the rate of others come along. Throws what a wrong option throws. */
export function casesNamed(names: readonly string[]): readonly Case[] {
  const unknown = names.find((name) => !CASES.some((one) => one.name === name));
  if (unknown !== undefined)
    throw wrongFlag(`there is no case "${unknown}"; there are: ${CASES.map(({ name }) => name).join(", ")}`);
  const needed = CASES.filter(({ name }) => names.includes(name)).map(({ after }) => after);
  return CASES.filter(({ name }) => names.includes(name) || needed.includes(name));
}

type Asked = Pick<AskedRequest, "head" | "closes"> & { readonly path?: string };

function saturated(name: string, connections: number, asked: Asked, speaks: "http/1.1" | "tls" = "http/1.1"): Case {
  const requests = headsOf({ path: PATHS.small, ...asked });
  return {
    name,
    summary: `${asked.head} heads, ${connections} connections${asked.closes ? ", one request each" : ""}, saturated${speaks === "tls" ? ", over TLS" : ""}`,
    speaks,
    load: ({ port, tlsPort }, { folder, seconds }) => {
      const address = speaks === "tls" ? `https://127.0.0.1:${tlsPort}` : `http://127.0.0.1:${port}`;
      return saturate(folder, address, { connections, seconds, requests });
    },
  };
}

function paced(name: string, after: string, asked: Asked, bodyBytes?: number): Case {
  const requests = headsOf({ path: PATHS.small, ...asked });
  return {
    name,
    summary: `as ${after}, at ${PACED_SHARE * 100} % of nginx's rate; of its own where that is less`,
    after,
    ...(bodyBytes === undefined ? {} : { bodyBytes }),
    load: ({ name: target, port }, round) => {
      const perSecond = Math.floor(PACED_SHARE * Math.min(round.perSecond(after, target), round.reference(after)));
      const { closes = false } = asked;
      return runClient({ kind: "paced", port, connections: 64, seconds: round.seconds, perSecond, requests, closes });
    },
  };
}

function transfers(name: string, connections: number, bodyBytes: number, way: "down" | "up", perSecond: number): Case {
  const isUp = way === "up";
  const path = isUp ? PATHS.put : `${PATHS.bytes}${bodyBytes}`;
  const requests = headsOf({ method: isUp ? "PUT" : "GET", path, head: "realistic", bodyBytes });
  return {
    name,
    summary: `bodies of ${bodyBytes / MIB} MiB ${way}, ${connections} connections, as fast as they go`,
    bodyBytes,
    load: ({ port }, { seconds }) => {
      const count = Math.max(connections, Math.round(perSecond * seconds));
      return runClient({ kind: "transfers", port, connections, count, requests, uploadBytes: isUp ? bodyBytes : 0 });
    },
  };
}

function handshakes(name: string, version: "TLSv1.2" | "TLSv1.3", certificate: "ecdsa" | "rsa", isResumed: boolean): Case {
  const requests = headsOf({ path: PATHS.small, head: "realistic", closes: true });
  const shared = { kind: "handshakes", connections: 8, requests, version, certificate, isResumed } as const;
  return {
    name,
    summary: `one request on each connection, ${isResumed ? "resumed" : "full"} handshakes, ${version}, ${certificate.toUpperCase()}`,
    speaks: "tls",
    load: ({ tlsPort }, { seconds }) => runClient({ ...shared, port: tlsPort, seconds }),
  };
}

function streams(name: string, connections: number, streams: number): Case {
  const head = headsOf({ path: PATHS.small, head: "realistic" })[0] as string;
  return {
    name,
    summary: `HTTP/2 over TLS, realistic heads, ${connections} connections, ${streams} streams each, saturated`,
    speaks: "h2",
    load: ({ tlsPort }, { folder, seconds }) => saturateStreams(folder, tlsPort, { connections, streams, seconds, head }),
  };
}

function grpc(name: string, isStreaming: boolean): Case {
  return {
    name,
    summary: `gRPC, ${isStreaming ? "messages on a stream each" : "a call for each message"} of 64 bytes, echoed, 16 connections, 4 at a time on each`,
    speaks: "h2",
    load: ({ tlsPort }, { seconds }) =>
      runClient({ kind: "grpc", port: tlsPort, connections: 16, streams: 4, seconds, isStreaming }),
  };
}

function webSocket(name: string, connections: number): Case {
  const head = headsOf({ path: PATHS.echo, head: "realistic" })[0] as string;
  const fields = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
  const key = `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`;
  const request = head.replace(/\r\n\r\n$/, `\r\n${[...fields, key].join("\r\n")}\r\n\r\n`);
  return {
    name,
    summary: `WebSocket messages of 64 bytes there and back, ${connections} connections`,
    load: ({ port }, { seconds }) => runClient({ kind: "echo", port, connections, seconds, request, messageBytes: 64 }),
  };
}

import { Child, LOAD_CORE } from "./children.ts";

/** What a client saw. */
export interface Load {
  readonly answered: number;
  /** Answers other than 200, and connections that broke. */
  readonly failed: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** The first failures, in words. */
  readonly examples: readonly string[];
}

/** What the client process is to do. */
export type ClientPlan =
  | {
      /** Asks at a fixed rate, whether or not answers come; latency counts from when a request was due. */
      readonly kind: "paced";
      readonly port: number;
      readonly connections: number;
      readonly seconds: number;
      readonly perSecond: number;
      readonly requests: readonly string[];
      /** Each request on a connection of its own. */
      readonly closes: boolean;
    }
  | {
      /** So many transfers in all, over so many connections, each with a body one way. */
      readonly kind: "transfers";
      readonly port: number;
      readonly connections: number;
      readonly count: number;
      readonly requests: readonly string[];
      /** Bytes that follow each request's head. */
      readonly uploadBytes: number;
    }
  | {
      /** A TLS connection for each request, by a full handshake or a resumed one. */
      readonly kind: "handshakes";
      readonly port: number;
      readonly connections: number;
      readonly seconds: number;
      readonly requests: readonly string[];
      readonly version: "TLSv1.2" | "TLSv1.3";
      readonly certificate: "ecdsa" | "rsa";
      readonly isResumed: boolean;
    }
  | {
      /** gRPC calls over TLS, so many lanes on each connection: a call for each message, or a stream of messages for each lane. */
      readonly kind: "grpc";
      readonly port: number;
      readonly connections: number;
      readonly streams: number;
      readonly seconds: number;
      readonly isStreaming: boolean;
    }
  | {
      /** WebSocket messages, each sent when the one before has come back. */
      readonly kind: "echo";
      readonly port: number;
      readonly connections: number;
      readonly seconds: number;
      readonly request: string;
      readonly messageBytes: number;
    };

const CLIENT = new URL("client-process.ts", import.meta.url).pathname;
const TIMEOUT_MS = 180_000;

/** Runs the client in a process of its own, on the core that load has. */
export async function runClient(plan: ClientPlan): Promise<Load> {
  const child = new Child(LOAD_CORE, process.execPath, [CLIENT], { CLIENT_PLAN: JSON.stringify(plan) });
  return JSON.parse(await child.output(TIMEOUT_MS)) as Load;
}

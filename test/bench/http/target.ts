import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchCertificates } from "./certificates.ts";
import type { Child } from "./children.ts";

const START_TIMEOUT_MS = 180_000;
const POLL_MS = 50;

/** What every target is told when it starts. */
export interface Setup {
  /** An empty folder of its own. */
  readonly folder: string;
  readonly upstreamPort: number;
  /** HTTP/2 without TLS. */
  readonly grpcPort: number;
  readonly certificates: BenchCertificates;
}

/** A proxy that is measured. */
export interface Target {
  readonly name: string;
  readonly version: string;
  /** Its process; what it started counts with it. */
  readonly pid: number;
  /** HTTP/1.1 without TLS. */
  readonly port: number;
  /** TLS, with HTTP/2 and HTTP/1.1 by ALPN. */
  readonly tlsPort: number;
  /** Whether it is compiled by use, and so has to be used for a while before it is measured. */
  readonly compilesByUse?: true;
  stop(): Promise<void>;
}

/** A kind of target: how to start it, and what it needs. */
export interface TargetKind {
  readonly name: string;
  /** What is missing on this machine, with the command that brings it; null when it can start. */
  missing(): string | null;
  start(setup: Setup): Promise<Target>;
}

/** Resolves when a port takes connections; throws when the process ends before, or none is taken in time. */
export async function listening(child: Child, port: number): Promise<void> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  while (!(await takesConnections(port))) {
    if (child.hasEnded) throw new Error(`it ended: ${child.log}`);
    if (performance.now() > deadlineMs) throw new Error(`nobody listens on ${port} in time: ${child.log}`);
    await sleep(POLL_MS);
  }
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

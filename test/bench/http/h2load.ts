import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { percentile } from "../contract.ts";
import { Child, hasProgram, LOAD_CORE } from "./children.ts";
import { http2HeadersOf } from "./equality.ts";
import type { Load } from "./load.ts";

/** How much longer than asked a run may take. */
const GRACE_MS = 60_000;

/** What is missing for it, or null. */
export function missingH2load(): string | null {
  return hasProgram("h2load") ? null : "apt-get install nghttp2-client";
}

/** What h2load is to do: so many connections with so many streams each at a time. `head` is of HTTP/1.1. */
export interface StreamsPlan {
  readonly connections: number;
  readonly streams: number;
  readonly seconds: number;
  readonly head: string;
}

/** Asks by HTTP/2 over TLS as fast as answers come. */
export async function saturateStreams(folder: string, port: number, plan: StreamsPlan): Promise<Load> {
  const { ":authority": host = "", ":path": path = "", ":method": _, ":scheme": __, ...fields } = http2HeadersOf(plan.head);
  const log = join(folder, "h2load.log");
  rmSync(log, { force: true });
  const flags = [
    ...["-c", String(plan.connections), "-m", String(plan.streams), "-t", "1", "-D", String(plan.seconds), "--log-file", log],
    ...["--connect-to", `127.0.0.1:${port}`],
    ...Object.entries(fields).flatMap(([name, value]) => ["-H", `${name}: ${value}`]),
  ];
  const text = await new Child(LOAD_CORE, "h2load", [...flags, `https://${host}${path}`]).output(plan.seconds * 1_000 + GRACE_MS);
  return loadOf(text, readFileSync(log, "latin1"), plan.seconds);
}

/** Reads what h2load prints, and its log: a line a request with its status and how many µs it took. */
export function loadOf(text: string, log: string, seconds: number): Load {
  const counts = /requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(
    text,
  );
  const answered = Number(/status codes: (\d+) 2xx/.exec(text)?.[1]);
  if (counts === null || Number.isNaN(answered)) throw new Error(`h2load says: ${text}`);
  const lines = log.split("\n").map((line) => line.split("\t"));
  const latencies = lines.flatMap(([, status, us]) => (status === "200" ? [Number(us) / 1_000] : [])).sort((a, b) => a - b);
  const at = (share: number) => percentile(latencies, share);
  const failed = Number(counts[1]) - answered;
  const examples = failed > 0 ? [counts[0]] : [];
  return { answered, failed, seconds, p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), examples };
}

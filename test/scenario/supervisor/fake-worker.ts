import { createServer, type Server } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import type { FromWorker, GenerationUpdate, ToWorker, WorkerStart } from "../../../src/proxy/messages.ts";
import { COUNTER, CounterRow } from "../../../src/telemetry/worker-counters.ts";

/**
 * A worker that answers every connection with its slot and generation. Entry points named `<what>-<slot>` make that slot misbehave
 * when it prepares them: `hang` never answers, `crash` throws, `mute` falls silent from then on, `refuse` cannot use the generation.
 */

const start = workerData as WorkerStart;
const counters = new CounterRow(start.counters);
const servers = new Map<string, Server>();
let sequence = start.generation?.sequence ?? 0;
let prepared: GenerationUpdate | null = null;

function say(message: FromWorker): void {
  parentPort?.postMessage(message);
}

async function listen(update: GenerationUpdate): Promise<void> {
  for (const { name, host, port } of update.entryPoints) {
    if (servers.has(name) || update.taken?.includes(name)) continue;
    const server = createServer((socket) => {
      counters.add(COUNTER.connectionsAccepted, 1);
      socket.on("error", () => {});
      socket.end(`worker ${start.slot} generation ${sequence}\n`);
    });
    servers.set(name, server);
    await new Promise<void>((resolve) => server.listen({ host, port, reusePort: true }, resolve));
  }
}

async function prepare(update: GenerationUpdate): Promise<void> {
  const told = (what: string): boolean => update.entryPoints.some(({ name }) => name === `${what}-${start.slot}`);
  if (told("hang")) return;
  if (told("crash")) throw new Error("told to crash");
  if (told("mute")) clearInterval(alive);
  await listen(update);
  prepared = update;
  const refusal = told("refuse") ? "told to refuse" : null;
  say({ type: "prepared", sequence: update.sequence, problem: null, refusal, hasSwitched: false });
}

parentPort?.on("message", (message: ToWorker) => {
  if (message.type === "prepare") void prepare(message.update);
  else if (message.type === "switch") {
    sequence = prepared?.sequence ?? sequence;
    say({ type: "switched", sequence });
  } else if (message.type === "close") process.exit(0);
});

const alive = setInterval(() => say({ type: "alive", connections: 0, lastAcceptMs: 0 }), 50);
say({ type: "ready", sequence });

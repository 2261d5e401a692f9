import { setFlagsFromString } from "node:v8";
import { parentPort, workerData } from "node:worker_threads";
import { matchers } from "../../extensions/matchers/registry.gen.ts";
import { middlewareModules } from "../../extensions/middlewares/registry.gen.ts";
import { assert } from "../../kernel/assert.ts";
import { systemClock } from "../../kernel/clock.ts";
import { TIMEOUTS } from "../http1/limits.ts";
import type { ToWorker, WorkerStart } from "../messages.ts";
import { TrafficWorker } from "./traffic-worker.ts";

/** The main of a worker thread. `workerData` is a `WorkerStart`; it ends itself after `close`. */

// A request runs through many small functions, of which V8 joins fewer by default than is good: 0.93 of the CPU per request.
setFlagsFromString("--max-inlined-bytecode-size=1000");
setFlagsFromString("--max-inlined-bytecode-size-cumulative=3000");
// What a thread allocates it collects alone. Others would help with every few megabytes of young objects, and be waited for, where each has
// traffic of its own: 0.93 of the CPU per request without.
setFlagsFromString("--no-parallel-scavenge");

const port = parentPort;
assert(port !== null, "a worker runs as a worker thread");

const worker = new TrafficWorker({
  start: workerData as WorkerStart,
  clock: systemClock,
  timeouts: TIMEOUTS,
  sweepMs: 1_000,
  readMode: "shared",
  matchers,
  middlewares: middlewareModules,
  send: (message) => port.postMessage(message, message.type === "accessLog" ? [message.lines.buffer] : []),
  onClosed: () => {
    port.close();
    process.exit(0);
  },
});

worker.start();
port.on("message", (message: ToWorker) => void worker.take(message));

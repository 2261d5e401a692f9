import { subscribe } from "node:diagnostics_channel";
import type { Server, Socket } from "node:net";
import { getHeapStatistics } from "node:v8";
import { isMainThread, threadId, workerData } from "node:worker_threads";
import { type MallocMemory, mallocGauge } from "./malloc.ts";
import { machineMs } from "./soak-clock.ts";
import type { ThreadMemory, ThreadRole } from "./thread-memory.ts";

/**
 * Loaded into `fairway proxy` before its own code (`node --import`), in each of its threads: tells the soak over IPC which worker
 * accepts which connection, and what memory each thread has, and ends workers when told. The proxy's own code is as it is.
 */

/** What the soak is told. Times are those of the clock that all processes of the machine have in common (`machineMs`). */
export type WatchMessage =
  | { readonly type: "worker"; readonly thread: number; readonly slot: number }
  | {
      readonly type: "accepted";
      readonly thread: number;
      readonly entryPort: number;
      readonly clientPort: number;
      readonly atMs: number;
    }
  | { readonly type: "memory"; readonly thread: number; readonly role: ThreadRole; readonly memory: ThreadMemory }
  | { readonly type: "malloc"; readonly memory: MallocMemory };

/** Ends a worker: by an error that nobody catches, or by standing still until the supervisor ends it. */
export interface EndWorker {
  readonly thread: number;
  readonly how: "throw" | "hang";
}

const MEMORY_MS = 1_000;
/** The allocator looks at all that is free to answer. */
const MALLOC_MS = 5_000;
/** Longer than the supervisor bears silence, if it does its work. */
const HANG_MS = 60_000;
const MIB = 1 << 20;

const tidings = new BroadcastChannel("soak watch");
const orders = new BroadcastChannel("soak orders");
const { slot } = (workerData ?? {}) as { readonly slot?: number };

if (isMainThread) await relay();
else if (slot === undefined) tellMemory("build", tell);
else watch(slot);
tidings.unref();
orders.unref();

async function relay(): Promise<void> {
  const pass = (message: WatchMessage): void => void process.send?.(message);
  tidings.onmessage = (event) => pass((event as { readonly data: WatchMessage }).data);
  process.on("message", (order: EndWorker) => orders.postMessage(order));
  process.channel?.unref();
  tellMemory("supervisor", pass);
  const gauge = await mallocGauge();
  if (gauge !== null) setInterval(() => pass({ type: "malloc", memory: gauge() }), MALLOC_MS).unref();
}

function tell(message: WatchMessage): void {
  tidings.postMessage(message);
}

function tellMemory(role: ThreadRole, by: (message: WatchMessage) => void): void {
  setInterval(() => {
    const { used_heap_size, total_heap_size, external_memory } = getHeapStatistics();
    const { arrayBuffers } = process.memoryUsage();
    const memory: ThreadMemory = {
      usedMib: used_heap_size / MIB,
      heldMib: total_heap_size / MIB,
      externalMib: external_memory / MIB,
      buffersMib: arrayBuffers / MIB,
    };
    by({ type: "memory", thread: threadId, role, memory });
  }, MEMORY_MS).unref();
}

function watch(slot: number): void {
  tell({ type: "worker", thread: threadId, slot });
  subscribe("net.server.socket", (message) => {
    const { socket } = message as { readonly socket: Socket & { readonly server?: Server } };
    const address = socket.server?.address();
    const entryPort = address !== null && typeof address === "object" ? address.port : 0;
    const atMs = machineMs();
    tell({ type: "accepted", thread: threadId, entryPort, clientPort: socket.remotePort ?? 0, atMs });
  });
  tellMemory("workers", tell);
  orders.onmessage = (event) => {
    const { thread, how } = (event as { readonly data: EndWorker }).data;
    if (thread !== threadId) return;
    if (how === "hang") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HANG_MS);
    else
      queueMicrotask(() => {
        throw new Error("ended by the soak");
      });
  };
}

import { subscribe } from "node:diagnostics_channel";
import type { Server, Socket } from "node:net";
import { getHeapStatistics } from "node:v8";
import { isMainThread, threadId, workerData } from "node:worker_threads";

/**
 * Loaded into `fairway proxy` before its own code (`node --import`), in each of its threads: tells the soak over IPC which worker
 * accepts which connection, and how full heaps are, and ends workers when told. The proxy's own code is as it is.
 */

/** What the soak is told. Times are ms since the epoch. */
export type WatchMessage =
  | { readonly type: "worker"; readonly thread: number; readonly slot: number }
  | {
      readonly type: "accepted";
      readonly thread: number;
      readonly entryPort: number;
      readonly clientPort: number;
      readonly atMs: number;
    }
  | { readonly type: "heap"; readonly thread: number; readonly usedMib: number; readonly externalMib: number };

/** Ends a worker: by an error that nobody catches, or by standing still until the supervisor ends it. */
export interface EndWorker {
  readonly thread: number;
  readonly how: "throw" | "hang";
}

const HEAP_MS = 1_000;
/** Longer than the supervisor bears silence, if it does its work. */
const HANG_MS = 60_000;
const MIB = 1 << 20;

const tidings = new BroadcastChannel("soak watch");
const orders = new BroadcastChannel("soak orders");

if (isMainThread) relay();
else {
  const { slot } = (workerData ?? {}) as { readonly slot?: number };
  if (slot === undefined) close();
  else watch(slot);
}

function relay(): void {
  tidings.onmessage = (event) => process.send?.((event as { readonly data: WatchMessage }).data);
  process.on("message", (order: EndWorker) => orders.postMessage(order));
  tidings.unref();
  orders.unref();
  process.channel?.unref();
}

/** The build thread is left alone. */
function close(): void {
  tidings.close();
  orders.close();
}

function watch(slot: number): void {
  const tell = (message: WatchMessage): void => tidings.postMessage(message);
  tell({ type: "worker", thread: threadId, slot });
  subscribe("net.server.socket", (message) => {
    const { socket } = message as { readonly socket: Socket & { readonly server?: Server } };
    const address = socket.server?.address();
    const entryPort = address !== null && typeof address === "object" ? address.port : 0;
    const atMs = performance.timeOrigin + performance.now();
    tell({ type: "accepted", thread: threadId, entryPort, clientPort: socket.remotePort ?? 0, atMs });
  });
  setInterval(() => {
    const { used_heap_size, external_memory } = getHeapStatistics();
    tell({ type: "heap", thread: threadId, usedMib: used_heap_size / MIB, externalMib: external_memory / MIB });
  }, HEAP_MS).unref();
  orders.onmessage = (event) => {
    const { thread, how } = (event as { readonly data: EndWorker }).data;
    if (thread !== threadId) return;
    if (how === "hang") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HANG_MS);
    else
      queueMicrotask(() => {
        throw new Error("ended by the soak");
      });
  };
  orders.unref();
  tidings.unref();
}

import { workerData } from "node:worker_threads";
import "../../../src/proxy/worker/worker-thread.ts";
import type { WorkerStart } from "../../../src/proxy/messages.ts";

/** The real worker, but that it dies of an error that nobody catches when its slot is called out. */
const calls = new BroadcastChannel("crash");
calls.onmessage = (event) => {
  if ((event as { readonly data: unknown }).data === (workerData as WorkerStart).slot) {
    queueMicrotask(() => {
      throw new Error("called out");
    });
  }
};

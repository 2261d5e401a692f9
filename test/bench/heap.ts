import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** MiB of this process's heap in use after a full collection. */
export function heapMiB(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

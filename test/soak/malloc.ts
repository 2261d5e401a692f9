import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What the C library's allocator has of the system in MiB, all threads together: what lies outside of V8's heaps, but for stacks. */
export interface MallocMemory {
  readonly inUseMib: number;
  /** Given back to the allocator, and not to the system: it serves what is asked for next. */
  readonly freeMib: number;
}

const MIB = 1 << 20;

/**
 * A question to this process's allocator; null where there is no glibc, or node runs without `--experimental-ffi`. glibc writes its figures
 * to a file as XML (malloc_info(3)).
 */
export async function mallocGauge(): Promise<(() => MallocMemory) | null> {
  try {
    const { dlopen } = await import("node:ffi");
    const { functions } = dlopen(null, {
      fopen: { arguments: ["string", "string"], return: "pointer" },
      fclose: { arguments: ["pointer"], return: "i32" },
      malloc_info: { arguments: ["i32", "pointer"], return: "i32" },
    });
    const path = join(tmpdir(), `fairway-soak-malloc-${process.pid}.xml`);
    return () => {
      const file = functions.fopen(path, "w");
      functions.malloc_info(0, file);
      functions.fclose(file);
      const text = readFileSync(path, "latin1");
      rmSync(path);
      return mallocMemory(text);
    };
  } catch {
    return null;
  }
}

/** What malloc_info wrote. Its last figures are those of all arenas together. */
export function mallocMemory(xml: string): MallocMemory {
  const sum = (pattern: string): number =>
    Number([...xml.matchAll(new RegExp(`<${pattern}[^>]* size="(\\d+)"/>`, "g"))].at(-1)?.[1] ?? Number.NaN) / MIB;
  const freeMib = sum('total type="fast"') + sum('total type="rest"');
  const heldMib = sum('system type="current"') + sum('total type="mmap"');
  return { inUseMib: heldMib - freeMib, freeMib };
}

import { expect, test } from "vitest";
import { ThreadMemories } from "./thread-memory.ts";

const of = (mib: number) => ({ usedMib: mib, heldMib: 2 * mib, externalMib: 0, buffersMib: 0 });

test("threads of a role are added up, others are not", () => {
  const memories = new ThreadMemories();
  for (const atMs of [0, 60_000]) {
    memories.add(0, "supervisor", of(100), atMs);
    memories.add(1, "workers", of(1), atMs);
    memories.add(2, "workers", of(2), atMs);
  }
  expect(memories.sum("workers", 2, 60_000)).toEqual({ usedMib: 3, heldMib: 6, externalMib: 0, buffersMib: 0 });
  expect(memories.sum("supervisor", 1, 60_000)?.usedMib).toBe(100);
  expect(memories.sum("build", 1, 60_000)).toBeNull();
});

test("a worker that ended no longer counts, and its successor once it has been there for a while", () => {
  const memories = new ThreadMemories();
  memories.add(1, "workers", of(50), 0);
  memories.add(2, "workers", of(5), 4_000);
  expect(memories.sum("workers", 1, 5_000)).toBeNull();
  memories.add(2, "workers", of(6), 34_000);
  expect(memories.sum("workers", 1, 34_000)?.usedMib).toBe(6);
  expect(memories.sum("workers", 2, 34_000)).toBeNull();
});

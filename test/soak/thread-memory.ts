/** Memory of one thread in MiB, as V8 and Node count it. */
export interface ThreadMemory {
  /** What objects of the heap take, garbage that is not collected yet included. */
  readonly usedMib: number;
  /** The pages the heap holds. */
  readonly heldMib: number;
  /** Outside the heap, kept by objects of it: buffers, sockets, TLS. */
  readonly externalMib: number;
  /** Array buffers that this thread made: of the external memory, and the shared ones, which are not counted there. */
  readonly buffersMib: number;
}

export const THREAD_ROLES = ["supervisor", "build", "workers"] as const;

/** What a thread of the proxy does. */
export type ThreadRole = (typeof THREAD_ROLES)[number];

/** A thread that has told nothing for this long has ended, or stands still. */
const SILENT_MS = 3_000;
/** A worker younger than this has not met everything yet. */
const GROWN_MS = 30_000;

interface Thread {
  readonly role: ThreadRole;
  readonly firstMs: number;
  lastMs: number;
  last: ThreadMemory;
}

/** What the threads of a process tell of their memory. */
export class ThreadMemories {
  readonly #threads = new Map<number, Thread>();

  add(thread: number, role: ThreadRole, last: ThreadMemory, atMs: number): void {
    const known = this.#threads.get(thread);
    if (known === undefined) this.#threads.set(thread, { role, firstMs: atMs, lastMs: atMs, last });
    else Object.assign(known, { last, lastMs: atMs });
  }

  /** Of all threads of a role together; null unless `count` of them are there, each for a while. */
  sum(role: ThreadRole, count: number, atMs: number): ThreadMemory | null {
    const there = [...this.#threads.values()].filter((thread) => thread.role === role && thread.lastMs >= atMs - SILENT_MS);
    if (there.length !== count || there.some(({ firstMs }) => firstMs > atMs - GROWN_MS)) return null;
    return there.map(({ last }) => last).reduce(sumOf);
  }
}

function sumOf(a: ThreadMemory, b: ThreadMemory): ThreadMemory {
  return {
    usedMib: a.usedMib + b.usedMib,
    heldMib: a.heldMib + b.heldMib,
    externalMib: a.externalMib + b.externalMib,
    buffersMib: a.buffersMib + b.buffersMib,
  };
}

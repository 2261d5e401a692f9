import { type AdminPage, type AdminRoutes, commonRoutes, type ProbedProcess } from "../../telemetry/admin-server.ts";
import { type OperatorWorld, worldLines } from "./world-lines.ts";

/** Where an operator shows its world to tools. */
export const WORLD_PATH = "/api/v1/objects";

/** Tools that read the world at the same time; others are asked to try again. */
const READERS_MAX = 4;

/** The paths of an operator's admin port. */
export function operatorRoutes(operator: ProbedProcess, metrics: () => string, world: OperatorWorld): AdminRoutes {
  const readers = { count: 0 };
  return {
    ...commonRoutes(operator, metrics),
    [WORLD_PATH]: { audience: "thisMachine", page: () => worldPage(world, readers) },
  };
}

/** How many read the world right now. */
interface Readers {
  count: number;
}

function worldPage(world: OperatorWorld, readers: Readers): AdminPage {
  if (readers.count >= READERS_MAX) {
    return { status: 503, type: "text/plain; charset=utf-8", body: "others are reading the objects now: try again\n" };
  }
  return { status: 200, type: "application/jsonl", body: counted(worldLines(world), readers) };
}

async function* counted(lines: AsyncIterable<string>, readers: Readers): AsyncGenerator<string> {
  readers.count += 1;
  try {
    yield* lines;
  } finally {
    readers.count -= 1;
  }
}

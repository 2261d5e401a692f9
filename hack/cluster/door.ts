import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";

const EXEC = join(import.meta.dirname, "../../test/cluster/local/exec");
const INSIDE = join(import.meta.dirname, "door-inside.ts");

/** A port on loopback that leads to an address of a cluster in namespaces of this machine. */
export interface Door {
  /** Port on 127.0.0.1 here. */
  readonly port: number;
  /** Where it leads, as seen from inside: HOST:PORT. */
  readonly to: string;
}

/**
 * Opens doors into the cluster in a folder: a cluster has a network of its own, but sees the folder, and so a socket in it. Rejects when
 * a port is taken. They close with this process.
 */
export async function openDoors(folder: string, doors: readonly Door[]): Promise<void> {
  const inside = spawn(EXEC, [folder, process.execPath, INSIDE, ...doors.map(({ to }) => to)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await Promise.race([once(inside.stdout, "data"), ended(inside)]);
  for (const { port, to } of doors) await listen(port, join(folder, socketName(to)));
}

/** Name of the socket, in the cluster's folder, that leads to an address. */
export function socketName(to: string): string {
  return `door-${to}.sock`;
}

/** A server whose connections are joined with new ones, as `to` makes them. */
export function joining(to: () => Socket): Server {
  return createServer({ allowHalfOpen: true }, (here) => {
    const there = to();
    here.pipe(there).pipe(here);
    for (const [one, other] of [
      [here, there],
      [there, here],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroySoon());
    }
  });
}

async function listen(port: number, path: string): Promise<void> {
  const server = joining(() => connect({ path, allowHalfOpen: true })).listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    throw new Error(`port ${port} of 127.0.0.1 cannot be opened: choose another one`, { cause: error });
  }
  server.unref();
}

async function ended(inside: ChildProcess): Promise<never> {
  const [code] = await once(inside, "exit");
  throw new Error(`the cluster's side of the doors ended with exit code ${code}`);
}

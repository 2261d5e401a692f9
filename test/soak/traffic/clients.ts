import { pause, type SoakRun } from "../soak-run.ts";
import type { Traffic } from "./client.ts";
import { downloads } from "./downloads.ts";
import { extraEntryPoint } from "./extra-entry-point.ts";
import { gets } from "./gets.ts";
import { pipelined } from "./pipelined.ts";
import { posts } from "./posts.ts";
import { roughServers } from "./rough-servers.ts";
import { shortConnections } from "./short-connections.ts";
import { slowClients } from "./slow-clients.ts";
import { tls } from "./tls.ts";
import { uploads } from "./uploads.ts";
import { vanishingClients } from "./vanishing-clients.ts";
import { webSockets } from "./web-sockets.ts";

const TRAFFIC: readonly Traffic[] = [
  gets,
  posts,
  uploads,
  downloads,
  pipelined,
  webSockets,
  slowClients,
  shortConnections,
  tls,
  vanishingClients,
  extraEntryPoint,
  roughServers,
];

/** A client that fails rests, so that a proxy that is not there is not asked as fast as it refuses. */
const REST_MS = 20;

/** Runs clients of every kind until the run is over; resolves when the last has ended. `load` multiplies their number. */
export async function runClients(run: SoakRun, load: number): Promise<void> {
  const clients = TRAFFIC.flatMap((traffic) =>
    Array.from({ length: Math.max(1, Math.round(traffic.clients * load)) }, () => traffic),
  );
  await Promise.all(
    clients.map(async ({ session, kind }) => {
      while (!run.isOver) {
        await session(run, kind);
        await pause(run, REST_MS);
      }
    }),
  );
}

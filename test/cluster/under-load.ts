import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { succeeded } from "./cluster.ts";
import type { InstalledCluster } from "./installed-cluster.ts";
import type { Outcomes, SteadyLoad } from "./steady-load.ts";

const PROGRAM = join(import.meta.dirname, "steady-load.ts");
const CONNECTIONS = 8;
/** No load lasts longer, whatever happens. */
const LONGEST_MS = 300_000;
/** How long it goes on before and after what is done under it. */
const MARGIN_MS = 500;

/**
 * Asks the proxies for a host, over connections that stay open, while something is done; answers how often each outcome came. With `tls`
 * each request has a connection of its own.
 */
export async function underLoad(
  cluster: InstalledCluster,
  host: string,
  done: () => Promise<void>,
  tls?: NonNullable<SteadyLoad["tls"]>,
): Promise<Outcomes> {
  const folder = mkdtempSync(join(tmpdir(), "fairway-load-"));
  const untilFile = join(folder, "over");
  const { address, http, https } = cluster.target;
  const port = tls === undefined ? http : https;
  const said: SteadyLoad = { host, address, port, connections: CONNECTIONS, forMs: LONGEST_MS, untilFile, ...(tls && { tls }) };
  const load = cluster.exec(process.execPath, PROGRAM, JSON.stringify(said));
  try {
    await pause(MARGIN_MS);
    await done();
    await pause(MARGIN_MS);
  } finally {
    writeFileSync(untilFile, "");
    await load.finally(() => rmSync(folder, { recursive: true }));
  }
  return JSON.parse(succeeded(await load)) as Outcomes;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

import { createServer } from "node:net";
import { listenProblem } from "../../kernel/listen.ts";
import type { EntryPoint } from "../../model/entry-point.ts";

/** Most addresses remembered as ours. */
const OURS_MAX = 1_000;

/** Where an entry point is to be opened, or why it is not. */
export interface SettledEntryPoint {
  /** With the port that was chosen, where it was 0. */
  readonly entryPoint: EntryPoint;
  /** Why it cannot be opened; null when it can. */
  readonly problem: string | null;
}

/**
 * Settles the address of each entry point once for all workers: chooses ports where the port is 0, and tries new addresses
 * without `reusePort`, since with it a worker could share the port of another program and notice nothing.
 *
 * A port that is ours on any address is not tried on another: the listener that an entry point leaves is still open when the one it
 * moves to is opened.
 */
export class EntryPointAddresses {
  /** Ports by address as configured: addresses this process has opened. They are not tried again: old listeners may still drain. */
  readonly #ours = new Map<string, number>();

  async settle(entryPoints: readonly EntryPoint[]): Promise<readonly SettledEntryPoint[]> {
    const settled: SettledEntryPoint[] = [];
    // One after another: two entry points of the same address must not both find it free.
    for (const entryPoint of entryPoints) settled.push(await this.#settleOne(entryPoint, settled));
    return settled;
  }

  async #settleOne(entryPoint: EntryPoint, before: readonly SettledEntryPoint[]): Promise<SettledEntryPoint> {
    const rival = before.find(({ entryPoint: other, problem }) => problem === null && isSameAddress(other, entryPoint));
    if (rival)
      return { entryPoint, problem: `${label(entryPoint)} is already the address of entry point "${rival.entryPoint.name}"` };
    // Those with port 0 each have a port of their own, under their own name.
    const key = entryPoint.port === 0 ? `${entryPoint.name} ${address(entryPoint)}` : address(entryPoint);
    const known = this.#ours.get(key) ?? this.#sharedPort(entryPoint);
    if (known !== undefined) return { entryPoint: { ...entryPoint, port: known }, problem: null };
    try {
      const port = await tryAddress(entryPoint.host, entryPoint.port);
      this.#note(key, port);
      return { entryPoint: { ...entryPoint, port }, problem: null };
    } catch (cause) {
      return { entryPoint, problem: `${label(entryPoint)} ${listenProblem(cause)}` };
    }
  }

  /** The port of an entry point when it is ours on an address that stands for all addresses, or is to be from now on. */
  #sharedPort({ host, port }: EntryPoint): number | undefined {
    if (port === 0) return undefined;
    const isOurs = [...this.#ours].some(([key, ours]) => ours === port && (host === "" || key === address({ host: "", port })));
    if (isOurs) this.#note(address({ host, port }), port);
    return isOurs ? port : undefined;
  }

  #note(key: string, port: number): void {
    if (this.#ours.size >= OURS_MAX) this.#ours.clear();
    this.#ours.set(key, port);
  }
}

/** Opens and closes a listener; answers its port. */
function tryAddress(host: string, port: number): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ ...(host === "" ? {} : { host }), port, exclusive: true }, () => {
      const address = server.address();
      const chosen = address !== null && typeof address === "object" ? address.port : port;
      server.close(() => resolve(chosen));
    });
  });
}

function isSameAddress(a: EntryPoint, b: EntryPoint): boolean {
  return b.port !== 0 && a.port === b.port && (a.host === b.host || a.host === "" || b.host === "");
}

function label(entryPoint: EntryPoint): string {
  return `entry point "${entryPoint.name}": ${address(entryPoint)}`;
}

/** As people write it: `127.0.0.1:80`, `[::1]:80`, `:80`. */
export function address({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

import type { FairwayPair } from "./fairway-pair.ts";
import type { RouteSlot } from "./route-slot.ts";
import { soakMs } from "./soak-clock.ts";
import type { ClassState, SoakFolder } from "./soak-folder.ts";
import { between, pause, type SoakRun } from "./soak-run.ts";

/** How often the entry points change, in changes. */
const CLASS_EVERY = 5;

/** Notes that a change is live. */
type Settle = (liveMs: number) => void;

/** Changes to the folder, one after the other: each is made, awaited until it is live, and settled. */
export class Changes {
  /** How many of each kind were made. */
  readonly made: Record<string, number> = {};
  /** From each change to its being live on every worker. */
  readonly liveMs: number[] = [];
  readonly #run: SoakRun;
  readonly #folder: SoakFolder;
  readonly #pair: FairwayPair;
  /** Servers that slots may lead to, but for those that are away. */
  readonly #servers: Set<string>;
  #line: Promise<unknown> = Promise.resolve();
  #count = 0;

  constructor(run: SoakRun, folder: SoakFolder, pair: FairwayPair, servers: readonly string[]) {
    this.#run = run;
    this.#folder = folder;
    this.#pair = pair;
    this.#servers = new Set(servers);
  }

  /** One change of the next kind. */
  async next(): Promise<void> {
    const count = ++this.#count;
    const slot = this.#run.slots[between(this.#run, 0, this.#run.slots.length - 1)] as RouteSlot;
    await this.#make("others", () => {
      this.#folder.changeOthers();
      return () => {};
    });
    if (count % CLASS_EVERY === 0) await this.#changeClass(count / CLASS_EVERY);
    else if (count % 3 === 0) await this.#changeRoute(slot);
    else if (count % 3 === 1) await this.#make("middleware", () => this.#editMiddleware(slot));
    else await this.#changeServers(slot, () => this.#someServers());
  }

  /** Takes a server out of every slot; resolves when no new request is sent to it. */
  async withdraw(server: string): Promise<void> {
    this.#servers.delete(server);
    for (const slot of this.#run.slots) {
      await this.#changeServers(slot, (now) => {
        const rest = now.filter((one) => one !== server);
        return rest.length > 0 ? rest : this.#someServers();
      });
    }
  }

  /** A server that was withdrawn may be used again. */
  offer(server: string): void {
    this.#servers.add(server);
  }

  /** Ends the operator; a middleware changes while there is none. Resolves when its successor has made the change live. */
  restartOperator(signal: "SIGTERM" | "SIGKILL", awayMs: number): Promise<void> {
    const slot = this.#run.slots[0] as RouteSlot;
    return this.#make("middleware, without operator", async () => {
      await this.#pair.stopOperator(signal);
      const settle = this.#editMiddleware(slot);
      await pause(this.#run, awayMs);
      this.#pair.startOperator();
      return settle;
    });
  }

  #changeRoute(slot: RouteSlot): Promise<void> {
    return this.#make("route", () => {
      const version = slot.routes.latest + 1;
      slot.routes.change(version, soakMs());
      this.#folder.putRoute(slot, version);
      return (liveMs) => slot.routes.settle(liveMs);
    });
  }

  #editMiddleware(slot: RouteSlot): Settle {
    const edition = slot.editions.latest + 1;
    slot.editions.change(edition, soakMs());
    this.#folder.putEdition(slot, edition);
    return (liveMs) => slot.editions.settle(liveMs);
  }

  #changeServers(slot: RouteSlot, choose: (now: readonly string[]) => readonly string[]): Promise<void> {
    return this.#make("endpoints", () => {
      const servers = choose(slot.servers.latest);
      if (servers.join() === slot.servers.latest.join()) return null;
      slot.servers.change(servers, soakMs());
      this.#folder.putServers(slot, servers);
      return (liveMs) => slot.servers.settle(liveMs);
    });
  }

  /** In turn: what `web` thinks of this machine, and whether `extra` is there. */
  #changeClass(turn: number): Promise<void> {
    const { trusts, hasExtra } = this.#run;
    const before: ClassState = { isTrusting: trusts.latest, hasExtra: hasExtra.latest };
    const next = turn % 2 === 0 ? { ...before, hasExtra: !before.hasExtra } : { ...before, isTrusting: !before.isTrusting };
    return this.#make("entry points", () => {
      // A client may come as soon as the entry point is live, not before.
      if (!next.hasExtra) hasExtra.change(false, soakMs());
      trusts.change(next.isTrusting, soakMs());
      this.#folder.putClass(next);
      return (liveMs) => {
        if (next.hasExtra && !before.hasExtra) hasExtra.change(true, liveMs);
        trusts.settle(liveMs);
        hasExtra.settle(liveMs);
      };
    });
  }

  /** One or two of those that are not away. */
  #someServers(): readonly string[] {
    const all = [...this.#servers];
    const first = between(this.#run, 0, all.length - 1);
    const second = between(this.#run, 0, all.length - 1);
    // In order: the same ones in another order are no change.
    return [...new Set([all[first] as string, all[second] as string])].sort();
  }

  /** Makes a change when the one before is live. `make` makes it, and answers what to do when it is; null when there is none to make. */
  #make(what: string, make: () => Settle | null | Promise<Settle | null>): Promise<void> {
    const mine = this.#line.then(async () => {
      const sinceMs = soakMs();
      const settle = await make();
      if (settle === null) return;
      await this.#pair.live(sinceMs);
      const liveMs = soakMs();
      settle(liveMs);
      this.liveMs.push(liveMs - sinceMs);
      this.made[what] = (this.made[what] ?? 0) + 1;
    });
    this.#line = mine.catch(() => {});
    return mine;
  }
}

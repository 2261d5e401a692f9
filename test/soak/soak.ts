import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../scenario/changes/change-script.ts";
import { freePorts } from "../scenario/entry-points/class-proxy.ts";
import { Changes } from "./changes.ts";
import { FairwayPair } from "./fairway-pair.ts";
import { type FaultRates, runFaults } from "./faults.ts";
import { type FailedRequest, type FailureCause, Ledger } from "./ledger.ts";
import type { SoakReport } from "./report.ts";
import { RouteSlot } from "./route-slot.ts";
import { soakMs } from "./soak-clock.ts";
import { type EntryPorts, SoakFolder } from "./soak-folder.ts";
import { pause, type SoakRun } from "./soak-run.ts";
import { Timeline } from "./timeline.ts";
import { runClients } from "./traffic/clients.ts";
import { UpstreamServers } from "./upstream-servers.ts";
import { MemoryWatch } from "./watch.ts";

export interface SoakOptions extends FaultRates {
  readonly seconds: number;
  readonly workers: number;
  /** Multiplies the number of clients. */
  readonly load: number;
  /** Time between two changes. */
  readonly changeMs: number;
  /** From when on memory is looked at. */
  readonly warmS: number;
  readonly seed: number;
  /** Where every sample of memory is written at the end. */
  readonly samplesFile?: string;
  /** Told now and then how it goes. */
  readonly onProgress: (line: string) => void;
}

const SLOTS = 8;
const POLITE = ["a", "b", "c", "d"];
const ROUGH = ["e", "f"];
/** A failure is explained when workers and servers have had time to tell of their end. */
const EXPLAIN_AFTER_MS = 3_000;
/** How much of what the proxy said is shown. */
const STDERR_CHARS = 1_000;
const PROGRESS_MS = 10_000;
/** How long what is left gets to go: longer than a client may linger, and than an entry point takes to close. */
const LEAVE_MS = 30_000;

/** Runs operator, proxy, servers and clients, changes and ends what it can, and tells what came of it. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const servers = await UpstreamServers.start([...POLITE, ...ROUGH]);
  const [web = 0, secure = 0, extra = 0] = await freePorts(3);
  const folder = new SoakFolder(servers.ports, { web, secure, extra });
  try {
    const slots = Array.from({ length: SLOTS }, (_, i) => new RouteSlot(`slot-${i}`, [POLITE[i % POLITE.length] as string]));
    const rough = new RouteSlot("rough", ROUGH);
    for (const slot of [...slots, rough]) folder.putSlot(slot);
    folder.putClass({ isTrusting: false, hasExtra: false });
    const pair = await FairwayPair.start(folder.path, options.workers);
    try {
      return await new Soak(options, { web, secure, extra }, slots, rough, servers, folder, pair).run();
    } finally {
      await pair.stop();
    }
  } finally {
    await servers.stop();
    folder.delete();
  }
}

class Soak {
  readonly #options: SoakOptions;
  readonly #servers: UpstreamServers;
  readonly #pair: FairwayPair;
  readonly #run: SoakRun;
  readonly #changes: Changes;
  readonly #complaints: string[] = [];
  /** Ends the run before its time. */
  readonly #early = new AbortController();

  constructor(
    options: SoakOptions,
    ports: EntryPorts,
    slots: readonly RouteSlot[],
    rough: RouteSlot,
    servers: UpstreamServers,
    folder: SoakFolder,
    pair: FairwayPair,
  ) {
    this.#options = options;
    this.#servers = servers;
    this.#pair = pair;
    const ledger = new Ledger((failed) => this.#causeOf(failed));
    const [trusts, hasExtra] = [new Timeline(false), new Timeline(false)];
    this.#run = { ledger, ports, slots, rough, trusts, hasExtra, random: seededRandom(options.seed), isOver: false };
    this.#changes = new Changes(this.#run, folder, pair, POLITE);
  }

  async run(): Promise<SoakReport> {
    const { options, pair, changes, servers, run } = {
      options: this.#options,
      pair: this.#pair,
      changes: this.#changes,
      servers: this.#servers,
      run: this.#run,
    };
    const baseSockets = pair.sockets();
    const watch = new MemoryWatch(pair, options.workers);
    const beganMs = soakMs();
    const targets = { pair, servers, changes, polite: POLITE, rough: ROUGH };
    const doings = [
      this.#noted("clients", runClients(run, options.load)),
      this.#noted("changes", this.#changeOnAndOn()),
      this.#noted("faults", runFaults(run, targets, options)),
      this.#tellOnAndOn(beganMs),
    ];
    await sleep(options.seconds * 1_000, undefined, { signal: this.#early.signal }).catch(() => {});
    run.isOver = true;
    await Promise.all(doings);
    const seconds = (soakMs() - beganMs) / 1_000;
    watch.stop();
    if (options.samplesFile !== undefined) writeFileSync(options.samplesFile, watch.samples());
    await sleep(EXPLAIN_AFTER_MS);
    run.ledger.settle(Number.POSITIVE_INFINITY);
    if (pair.acceptances.count === 0) this.#complaints.push("no worker told of a connection: failures cannot be explained");
    const leftovers = await this.#leftovers(baseSockets);
    return {
      seconds,
      counts: run.ledger.counts(),
      total: run.ledger.total(),
      open: run.ledger.open,
      changes: changes.made,
      liveMs: changes.liveMs.sort((a, b) => a - b),
      faults: this.#faults(),
      trends: watch.trends(options.warmS * 1_000),
      leftovers,
      complaints: [...this.#complaints, ...this.#strays()],
      examples: run.ledger.examples,
    };
  }

  #causeOf({ broken, servers, sentMs, endedMs, mayBeClosed }: FailedRequest): FailureCause {
    const worker = broken === null ? null : this.#pair.acceptances.causeOf(broken);
    if (worker !== null) return worker;
    if (servers.some((server) => this.#servers.wasKilled(server, sentMs, endedMs))) return "killedServer";
    return mayBeClosed ? "closedEntryPoint" : "unexplained";
  }

  async #changeOnAndOn(): Promise<void> {
    const run = this.#run;
    while (!run.isOver) {
      const beganMs = performance.now();
      await this.#changes.next();
      await pause(run, Math.max(0, this.#options.changeMs - (performance.now() - beganMs)));
    }
  }

  async #tellOnAndOn(beganMs: number): Promise<void> {
    const { ledger } = this.#run;
    while (!this.#run.isOver) {
      await pause(this.#run, PROGRESS_MS);
      ledger.settle(soakMs() - EXPLAIN_AFTER_MS);
      const { asked, right, wrong, failed } = ledger.total();
      const explained = Object.values(failed).reduce((sum, count) => sum + count, 0) - failed.unexplained;
      const seconds = ((soakMs() - beganMs) / 1_000).toFixed(0);
      this.#options.onProgress(
        `${seconds} s: ${asked} asked, ${right} right, ${wrong} wrong, ${explained} failed by faults, ${failed.unexplained} unexplained`,
      );
    }
  }

  /** Something that is to go on until the end; what ends it is a complaint, and ends the run. */
  async #noted(what: string, doing: Promise<void>): Promise<void> {
    try {
      await doing;
    } catch (error) {
      this.#complaints.push(`${what}: ${(error as Error).message}\n${this.#pair.stderr}`);
      this.#early.abort();
    }
  }

  #faults(): Readonly<Record<string, number>> {
    const { acceptances, operatorRestarts } = this.#pair;
    const { restarts, kills } = this.#servers;
    return {
      "workers killed": acceptances.kills.length,
      "servers restarted": restarts,
      "servers killed": kills.length,
      "operators restarted": operatorRestarts,
    };
  }

  /** Workers that were lost though nobody killed them, and versions that were refused. */
  #strays(): readonly string[] {
    const { log, acceptances } = this.#pair;
    const strays: string[] = [];
    const lost = log.count("workerLost") - acceptances.kills.length;
    if (lost !== 0) strays.push(`${lost} workers were lost that were not killed`);
    if (lost !== 0) strays.push(`the proxy said: ${this.#pair.proxy.stderr.slice(0, STDERR_CHARS)}`);
    if (log.count("rejected") > 0) strays.push(`${log.count("rejected")} versions were rejected`);
    if (log.count("entryPointFailed") > 0)
      strays.push(`${log.count("entryPointFailed")} times an entry point could not be opened`);
    return strays;
  }

  /** Ends the servers too, and waits for what is left to go. */
  async #leftovers(baseSockets: number): Promise<SoakReport["leftovers"]> {
    await this.#servers.stop();
    const look = async (): Promise<SoakReport["leftovers"]> => {
      // First, since the question for metrics is a connection too.
      const sockets = this.#pair.sockets();
      const metrics = await this.#pair.metrics();
      // Listening sockets of the entry point that comes and goes, one a worker.
      const extra = this.#run.hasExtra.latest ? this.#options.workers : 0;
      return [
        { name: "client connections", value: metrics.get("fairway_connections_open") ?? Number.NaN, wanted: 0 },
        { name: "requests under way", value: metrics.get("fairway_connections_busy") ?? Number.NaN, wanted: 0 },
        { name: "connections to servers", value: metrics.get("fairway_upstream_connections_open") ?? Number.NaN, wanted: 0 },
        { name: "sockets of the proxy", value: sockets, wanted: baseSockets + extra },
      ];
    };
    const untilMs = performance.now() + LEAVE_MS;
    for (;;) {
      const found = await look();
      if (found.every(({ value, wanted }) => value === wanted) || performance.now() > untilMs) return found;
      await sleep(500);
    }
  }
}

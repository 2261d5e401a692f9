import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Change, ChangeScript, seededRandom } from "./change-script.ts";
import { copyDemo, startDemoUpstreams } from "./demo-copy.ts";
import { STABLE_QUESTIONS } from "./demo-questions.ts";
import { FairwayDev } from "./fairway-dev.ts";
import { FixedRateLoad, type LoadReport, type Question } from "./fixed-rate-load.ts";
import { KeepAliveConnection } from "./keep-alive-connection.ts";
import { Slot, type SlotState } from "./slot.ts";
import { writeFallback, writeSlot } from "./slot-files.ts";

export interface ChangeRunOptions {
  readonly changes: number;
  readonly connections: number;
  readonly requestsPerSecond: number;
  readonly workers: number;
  readonly seed: number;
}

export interface ChangeReport {
  /** How many changes of each kind were made. */
  readonly made: Readonly<Record<string, number>>;
  /** For each change made alone that a client can see: from rename(2) to the last worker's swap; sorted, in ms. */
  readonly liveMs: readonly number[];
  /** Changes that did not become live in time, in words. */
  readonly neverLive: readonly string[];
  /** What hosts answer wrongly once everything is settled, in words. */
  readonly wrongAtEnd: readonly string[];
  readonly load: LoadReport;
  /** What `fairway dev` told of lost workers, rejected versions and closed entry points. */
  readonly losses: readonly string[];
}

const SLOTS = 24;
const LIVE_TIMEOUT_MS = 5_000;
/** How long a change that no client can see gets to have no effect. */
const QUIET_MS = 250;
/** One step in so many is a burst: several changes at once. */
const BURST_EVERY = 10;
const BURST_CHANGES = 5;
const PAUSE_MAX_MS = 30;

/**
 * Serves a copy of the demo with \`fairway dev\`, and makes change after change to its folder while connections that stay open ask at a
 * fixed rate. Half of the questions go to routes that nothing touches, half to those that change.
 */
export async function runChanges(options: ChangeRunOptions): Promise<ChangeReport> {
  const folder = mkdtempSync(join(tmpdir(), "fairway-changes-"));
  const servers = await startDemoUpstreams();
  try {
    const ports = new Map([...servers].map(([name, { port }]) => [name, port]));
    copyDemo(folder, ports);
    const slots = Array.from({ length: SLOTS }, (_, i) => firstSlot(i, [...servers.keys()]));
    writeFallback(folder);
    for (const slot of slots) writeSlot(folder, slot, ports);
    return await serveAndChange(options, folder, slots, ports);
  } finally {
    await Promise.all([...servers.values()].map((server) => server.close()));
    rmSync(folder, { recursive: true });
  }
}

function firstSlot(index: number, servers: readonly string[]): Slot {
  const name = `slot-${index}`;
  const ownServer = servers[index % servers.length] as string;
  const state: SlotState = { service: index % 3 === 0 ? null : name, ownServer, prefix: "/first", broken: false, fileNumber: 0 };
  return new Slot(name, index % 4 === 1 ? "Ingress" : "IngressRoute", state);
}

async function serveAndChange(
  options: ChangeRunOptions,
  folder: string,
  slots: readonly Slot[],
  ports: ReadonlyMap<string, number>,
): Promise<ChangeReport> {
  // Each has dice of its own: how many questions are asked in the meantime must not decide which changes are made.
  const ofQuestions = seededRandom(options.seed + 1);
  const ofChanges = seededRandom(options.seed);
  const dev = await FairwayDev.start(folder, options.workers);
  try {
    const { connections, requestsPerSecond } = options;
    const load = new FixedRateLoad({
      port: dev.port,
      connections,
      requestsPerSecond,
      nextQuestion: () => anyQuestion(slots, ofQuestions),
    });
    await load.start();
    const run = new ChangeRun(dev, new ChangeScript({ folder, slots, ports, random: ofChanges }), ofChanges);
    await run.make(options.changes);
    const report = await load.stop();
    return { ...run.report(), wrongAtEnd: await askAll(dev.port, slots), load: report, losses: dev.losses };
  } catch (error) {
    throw new Error(`the run broke off; the last of fairway dev:\n${dev.log}`, { cause: error });
  } finally {
    await dev.stop();
  }
}

function anyQuestion(slots: readonly Slot[], random: () => number): Question {
  if (random() < 0.5) return STABLE_QUESTIONS[Math.floor(random() * STABLE_QUESTIONS.length)] as Question;
  const slot = slots[Math.floor(random() * slots.length)] as Slot;
  return { host: slot.host, path: "/q", judge: (answer, sentMs, answeredMs) => slot.judge("/q", answer, sentMs, answeredMs) };
}

/** Asks every slot once more: what was settled must be what is served. */
async function askAll(port: number, slots: readonly Slot[]): Promise<readonly string[]> {
  const connection = await KeepAliveConnection.open(port);
  const wrongs: string[] = [];
  for (const slot of slots) {
    const nowMs = performance.now();
    const wrong = slot.judge("/end", await connection.ask(slot.host, "/end"), nowMs, nowMs);
    if (wrong !== null) wrongs.push(`${slot.host}: ${wrong}`);
  }
  connection.close();
  return wrongs;
}

/** Makes changes one after the other, now and then several at once, and notes when they are live. */
class ChangeRun {
  readonly #dev: FairwayDev;
  readonly #script: ChangeScript;
  readonly #random: () => number;
  readonly #made: Record<string, number> = {};
  readonly #liveMs: number[] = [];
  readonly #neverLive: string[] = [];

  constructor(dev: FairwayDev, script: ChangeScript, random: () => number) {
    this.#dev = dev;
    this.#script = script;
    this.#random = random;
  }

  async make(count: number): Promise<void> {
    for (let made = 0, step = 1; made < count; step++) {
      const size = step % BURST_EVERY === 0 ? Math.min(BURST_CHANGES, count - made) : 1;
      await (size === 1 ? this.#alone() : this.#burst(size));
      made += size;
      await sleep(this.#random() * PAUSE_MAX_MS);
    }
  }

  report(): Pick<ChangeReport, "made" | "liveMs" | "neverLive"> {
    return { made: this.#made, liveMs: this.#liveMs.sort((a, b) => a - b), neverLive: this.#neverLive };
  }

  async #alone(): Promise<void> {
    const change = this.#script.next();
    const { isVisible, renamedAtMs } = this.#apply(change);
    if (!isVisible) {
      await sleep(QUIET_MS);
      return;
    }
    const liveAtMs = await this.#dev.liveAfter(renamedAtMs, LIVE_TIMEOUT_MS);
    if (liveAtMs === null) this.#neverLive.push(`${change.what} of ${change.slot.host}`);
    else this.#liveMs.push(liveAtMs - renamedAtMs);
    change.slot.settle(performance.now());
  }

  /**
   * Several changes, each to a slot of its own: changes to two objects of one slot may be taken in either order. Which of them a swap
   * brings cannot be told here, so all are settled once nothing moves any more.
   */
  async #burst(size: number): Promise<void> {
    const busy = new Set<Slot>();
    const changes = Array.from({ length: size }, () => {
      const change = this.#script.next(busy);
      busy.add(change.slot);
      return { change, ...this.#apply(change) };
    });
    let lastMs = changes.some(({ isVisible }) => isVisible)
      ? await this.#dev.liveAfter(changes[0]!.renamedAtMs, LIVE_TIMEOUT_MS)
      : Date.now();
    while (lastMs !== null) lastMs = await this.#dev.liveAfter(lastMs, QUIET_MS);
    for (const { change } of changes) change.slot.settle(performance.now());
  }

  #apply(change: Change): { readonly isVisible: boolean; readonly renamedAtMs: number } {
    this.#made[change.what] = (this.#made[change.what] ?? 0) + 1;
    const isVisible = change.slot.begin(change.next, performance.now());
    return { isVisible, renamedAtMs: change.apply() };
  }
}

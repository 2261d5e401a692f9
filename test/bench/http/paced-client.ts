import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { AnswerReader } from "./answer-reader.ts";
import type { ClientPlan, Load } from "./load.ts";
import { Tally } from "./tally.ts";

type Plan = Extract<ClientPlan, { kind: "paced" }>;

/** From the last request that is due until what is missing has failed. */
const DRAIN_MS = 3_000;

/** A connection, and since when its request has been due. */
interface Lane {
  readonly socket: Socket;
  readonly reader: AnswerReader;
  dueMs: number;
}

/**
 * Asks at a fixed rate. A request that finds all connections busy waits for one, and its wait counts: the latency is from the moment at
 * which it was due.
 */
export async function askAtRate(plan: Plan): Promise<Load> {
  const tally = new Tally();
  const pacer = new Pacer(plan, tally);
  await pacer.open();
  const total = Math.round(plan.perSecond * plan.seconds);
  const beginMs = performance.now();
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - beginMs) / 1_000) * plan.perSecond));
    for (; sent < due; sent++) pacer.due(beginMs + (sent / plan.perSecond) * 1_000);
    await sleep(1);
  }
  const seconds = (performance.now() - beginMs) / 1_000;
  const deadlineMs = performance.now() + DRAIN_MS;
  while (tally.answered < total && performance.now() < deadlineMs) await sleep(5);
  for (let missing = tally.answered; missing < total; missing++) tally.fail("no answer");
  return tally.load(seconds);
}

class Pacer {
  readonly #plan: Plan;
  readonly #tally: Tally;
  readonly #idle: Lane[] = [];
  /** Requests that are due and found no connection: when they were. */
  readonly #waiting: number[] = [];
  readonly #requests: readonly Buffer[];
  #next = 0;
  #open = 0;

  constructor(plan: Plan, tally: Tally) {
    this.#plan = plan;
    this.#tally = tally;
    this.#requests = plan.requests.map((text) => Buffer.from(text, "latin1"));
  }

  async open(): Promise<void> {
    if (this.#plan.closes) return;
    for (let index = 0; index < this.#plan.connections; index++) {
      const lane = this.#lane();
      await once(lane.socket, "connect");
      this.#idle.push(lane);
    }
  }

  due(dueMs: number): void {
    const lane = this.#plan.closes && this.#open < this.#plan.connections ? this.#lane() : this.#idle.pop();
    if (lane === undefined) this.#waiting.push(dueMs);
    else this.#ask(lane, dueMs);
  }

  #ask(lane: Lane, dueMs: number): void {
    lane.dueMs = dueMs;
    lane.socket.write(this.#requests[this.#next++ % this.#requests.length] as Buffer);
  }

  #lane(): Lane {
    const socket = connect({ port: this.#plan.port, host: "127.0.0.1", noDelay: true });
    const lane: Lane = { socket, reader: new AnswerReader(), dueMs: 0 };
    this.#open++;
    let isAnswered = false;
    socket.on("data", (bytes: Buffer) => {
      try {
        if (!lane.reader.take(bytes)) return;
      } catch (error) {
        this.#tally.fail((error as Error).message);
      }
      isAnswered = true;
      this.#tally.answer(performance.now() - lane.dueMs);
      if (!this.#plan.closes) this.#free(lane);
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#open--;
      if (!this.#plan.closes || !isAnswered) this.#tally.fail("connection closed");
      if (this.#plan.closes && this.#waiting.length > 0) this.due(this.#waiting.shift() as number);
    });
    return lane;
  }

  #free(lane: Lane): void {
    const dueMs = this.#waiting.shift();
    if (dueMs === undefined) this.#idle.push(lane);
    else this.#ask(lane, dueMs);
  }
}

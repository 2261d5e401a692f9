import { type Answer, KeepAliveConnection } from "./keep-alive-connection.ts";

/** One thing to ask, and what to think of the answer. */
export interface Question {
  readonly host: string;
  readonly path: string;
  /** What is wrong with an answer to a question sent and answered at these times (`performance.now()`), or null. */
  judge(answer: Answer, sentMs: number, answeredMs: number): string | null;
}

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  readonly requestsPerSecond: number;
  readonly nextQuestion: () => Question;
}

export interface LoadReport {
  readonly answered: number;
  /** Requests without an answer: connections that broke, deadlines. */
  readonly failed: number;
  /** Requests answered by the wrong route, or by the right one wrongly. */
  readonly misrouted: number;
  /** Connections the proxy closed. */
  readonly closed: number;
  /** The first few things that went wrong, in words. */
  readonly examples: readonly string[];
  /** Time from when a request was due to its answer, sorted, in ms. */
  readonly latenciesMs: readonly number[];
}

const TICK_MS = 1;
const EXAMPLES_MAX = 10;

/**
 * Asks at a fixed rate over connections that stay open, whatever the answers take (open loop): a request that finds no idle
 * connection waits, and its wait counts.
 */
export class FixedRateLoad {
  readonly #options: LoadOptions;
  readonly #idle: KeepAliveConnection[] = [];
  /** When each request that waits for a connection was due. */
  readonly #due: number[] = [];
  readonly #latenciesMs: number[] = [];
  readonly #examples: string[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #startedMs = 0;
  #scheduled = 0;
  #failed = 0;
  #misrouted = 0;
  #closed = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const opened = Array.from({ length: this.#options.connections }, () => KeepAliveConnection.open(this.#options.port));
    this.#idle.push(...(await Promise.all(opened)));
    this.#startedMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Sends nothing more, awaits what is under way and closes. */
  async stop(): Promise<LoadReport> {
    clearInterval(this.#timer);
    this.#due.length = 0;
    await Promise.all(this.#underWay);
    for (const connection of this.#idle) {
      if (connection.broken !== null) this.#noteClosed(connection.broken);
      connection.close();
    }
    return {
      answered: this.#latenciesMs.length,
      failed: this.#failed,
      misrouted: this.#misrouted,
      closed: this.#closed,
      examples: this.#examples,
      latenciesMs: this.#latenciesMs.sort((a, b) => a - b),
    };
  }

  #tick(): void {
    const { requestsPerSecond } = this.#options;
    const due = Math.floor(((performance.now() - this.#startedMs) / 1000) * requestsPerSecond);
    while (this.#scheduled < due) this.#due.push(this.#startedMs + (++this.#scheduled / requestsPerSecond) * 1000);
    this.#dispatch();
  }

  #dispatch(): void {
    while (this.#due.length > 0 && this.#idle.length > 0) {
      const connection = this.#idle.shift() as KeepAliveConnection;
      const exchange = this.#exchange(connection, this.#due.shift() as number).finally(() => this.#underWay.delete(exchange));
      this.#underWay.add(exchange);
    }
  }

  async #exchange(idle: KeepAliveConnection, dueMs: number): Promise<void> {
    const question = this.#options.nextQuestion();
    let connection = idle;
    try {
      if (idle.broken !== null) connection = await this.#replace(idle.broken);
      const sentMs = performance.now();
      const answer = await connection.ask(question.host, question.path);
      const answeredMs = performance.now();
      this.#latenciesMs.push(answeredMs - dueMs);
      this.#judge(question, answer, sentMs, answeredMs);
    } catch (error) {
      this.#failed++;
      this.#example(`${question.host}${question.path}: ${(error as Error).message}`);
    }
    this.#idle.push(connection);
    this.#dispatch();
  }

  #judge(question: Question, answer: Answer, sentMs: number, answeredMs: number): void {
    const wrong = question.judge(answer, sentMs, answeredMs);
    if (wrong === null) return;
    this.#misrouted++;
    this.#example(`${question.host}${question.path}: ${wrong}`);
  }

  async #replace(reason: Error): Promise<KeepAliveConnection> {
    this.#noteClosed(reason);
    return KeepAliveConnection.open(this.#options.port);
  }

  #noteClosed(reason: Error): void {
    this.#closed++;
    this.#example(`connection: ${reason.message}`);
  }

  #example(text: string): void {
    if (this.#examples.length < EXAMPLES_MAX)
      this.#examples.push(`${text} (${(performance.now() - this.#startedMs).toFixed(0)} ms in)`);
  }
}

import type { Piece } from "../contract.ts";
import { noise } from "../noise.ts";
import { Met, Question, type QuestionOptions } from "../question.ts";
import { soakMs } from "../soak-clock.ts";
import { anyPiece, anySlot, between, type SoakRun } from "../soak-run.ts";
import { ConnectionBroken, WireConnection } from "../wire-connection.ts";

/** One kind of traffic. */
export interface Traffic {
  readonly kind: string;
  /** Clients at once, for a load of 1. */
  readonly clients: number;
  /** What a client does, over and over. Never rejects for what the proxy does: that goes to the ledger. */
  session(run: SoakRun, kind: string): Promise<void>;
}

/** Which way a client goes. */
export interface Way {
  readonly port: number;
  readonly isTls: boolean;
  /** Whether its entry point comes and goes. */
  readonly isExtra: boolean;
}

export function webOf(run: SoakRun): Way {
  return { port: run.ports.web, isTls: false, isExtra: false };
}

export function secureOf(run: SoakRun): Way {
  return { port: run.ports.secure, isTls: true, isExtra: false };
}

const CLOSING_STATUS = 503;

/** A client with one connection, which it opens when it needs one. */
export class SoakClient {
  readonly run: SoakRun;
  readonly kind: string;
  readonly #way: Way;
  #connection: WireConnection | null = null;
  #met = new Met();

  constructor(run: SoakRun, kind: string, way: Way = webOf(run)) {
    this.run = run;
    this.kind = kind;
    this.#way = way;
  }

  /** A question of this kind: to any slot, without body, answered with up to 4 KiB, unless said otherwise. */
  question(options: Partial<QuestionOptions> = {}): Question {
    const { run } = this;
    const slot = anySlot(run);
    const reply = anyPiece(run, 0, 4_096);
    const replyFraming = run.random() < 0.5 ? "length" : "chunked";
    return new Question({
      slot,
      method: "GET",
      body: null,
      bodyFraming: "length",
      reply,
      replyFraming,
      delayMs: 0,
      fields: "",
      accept: null,
      ...options,
    });
  }

  /** Asks and takes the answer; true when it is right. `send` writes the request, whole without it. */
  async ask(question: Question, send?: (connection: WireConnection) => Promise<void>): Promise<boolean> {
    this.run.ledger.asked(this.kind);
    const sentMs = soakMs();
    try {
      const connection = await this.connection();
      await (send ?? ((to) => sendWhole(question, to)))(connection);
      return await this.take(question, connection, sentMs);
    } catch (error) {
      return this.fail(question, error, sentMs);
    }
  }

  /** Its connection, opened anew when there is none that can be used. */
  async connection(): Promise<WireConnection> {
    const { port, isTls } = this.#way;
    if (this.#connection !== null && this.#connection.broken === null && !this.#connection.announcesClose)
      return this.#connection;
    this.#connection?.destroy();
    this.#connection = null;
    this.#met = new Met();
    this.#connection = await WireConnection.open(port, isTls);
    return this.#connection;
  }

  /** Takes the answer to a question that was sent. */
  async take(question: Question, connection: WireConnection, sentMs: number): Promise<boolean> {
    const { ledger, trusts } = this.run;
    const response = await connection.response(question.options.method);
    const answeredMs = soakMs();
    const trusted = this.#way.port === this.run.ports.web ? trusts.possible(connection.openedMs, answeredMs) : [false];
    if (response.status >= 500) {
      const closes = response.status === CLOSING_STATUS && connection.announcesClose;
      this.#failed(question, `${response.status} ${response.body}`, sentMs, null, closes);
      return false;
    }
    const wrong = question.judge(response, sentMs, answeredMs, trusted, this.#met);
    if (wrong === null) ledger.right(this.kind);
    else ledger.wrong(this.kind, `${question.id} (${Math.round(sentMs)} to ${Math.round(answeredMs)} ms): ${wrong}`);
    return wrong === null;
  }

  /** Notes a question that got no answer. Always false. Other errors than those of the connection are defects of the soak. */
  fail(question: Question, error: unknown, sentMs: number): false {
    if (!(error instanceof ConnectionBroken)) throw error;
    this.#failed(question, error.message, sentMs, error, true);
    return false;
  }

  /** Ends its connection in order. */
  async end(): Promise<void> {
    await this.#connection?.end();
    this.#connection = null;
  }

  /** Goes away on the spot. */
  vanish(byReset: boolean): void {
    this.#connection?.destroy(byReset);
    this.#connection = null;
  }

  #failed(question: Question, what: string, sentMs: number, error: ConnectionBroken | null, mayBeClosed: boolean): void {
    const { slot, method } = question.options;
    const endedMs = soakMs();
    this.run.ledger.failed({
      kind: this.kind,
      what: `${method} ${question.id} of ${slot.name}: ${what}`,
      sentMs,
      endedMs,
      broken: error?.broken ?? null,
      servers: slot.servers.possible(sentMs, endedMs).flat(),
      mayBeClosed: mayBeClosed && this.#way.isExtra && this.run.hasExtra.possible(sentMs, endedMs).includes(false),
    });
  }
}

const PIECES_MAX = 5;

async function sendWhole(question: Question, connection: WireConnection): Promise<void> {
  connection.send(question.head);
  const { body, bodyFraming } = question.options;
  if (body === null) return;
  if (bodyFraming === "length") connection.send(noise(body.offset, body.length));
  else sendChunks(connection, body, PIECES_MAX);
}

function sendChunks(connection: WireConnection, { offset, length }: Piece, pieces: number): void {
  const step = Math.max(1, Math.ceil(length / pieces));
  for (let at = 0; at < length; at += step) connection.send(chunk(noise(offset + at, Math.min(step, length - at))));
  connection.send("0\r\n\r\n");
}

export function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}

/** A body of a request, of up to `most` bytes. */
export function anyBody(run: SoakRun, most: number): Pick<QuestionOptions, "method" | "body"> {
  return { method: between(run, 0, 1) === 0 ? "POST" : "PUT", body: anyPiece(run, 1, most) };
}

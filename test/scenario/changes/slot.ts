import type { Answer } from "./keep-alive-connection.ts";

/** Who answers a host, and what path they see: all a client can tell of a route. */
export interface Outcome {
  readonly server: string;
  /** What is put before the path. */
  readonly prefix: string;
}

/** What a slot's manifests say. */
export interface SlotState {
  /** The Service its route names: one of its own, or a shared one; null when there is no route. */
  readonly service: string | null;
  /** The server behind its own Service. */
  readonly ownServer: string;
  /** What its Middleware adds. */
  readonly prefix: string;
  /** Whether the route's file does not parse: what it said before counts. */
  readonly broken: boolean;
  /** Number of the route's file name: counts renames. */
  readonly fileNumber: number;
}

/** A state's outcome, and when a request may meet it. */
interface Span {
  readonly outcome: Outcome;
  readonly fromMs: number;
  /** When the next state was known to be live; infinite for the last one. */
  untilMs: number;
}

/** Who answers hosts that have no route of their own. */
export const FALLBACK: Outcome = { server: "web", prefix: "" };

/** A host whose manifests change during the run, and what requests to it may be answered at which time. */
export class Slot {
  readonly name: string;
  readonly kind: "IngressRoute" | "Ingress";
  state: SlotState;
  readonly #spans: Span[];

  constructor(name: string, kind: Slot["kind"], state: SlotState) {
    this.name = name;
    this.kind = kind;
    this.state = state;
    this.#spans = [{ outcome: this.outcome(state), fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY }];
  }

  get host(): string {
    return `${this.name}.changes.test`;
  }

  /** The Service of its own. */
  get ownService(): string {
    return this.name;
  }

  outcome({ service, ownServer, prefix }: SlotState): Outcome {
    if (service === null) return FALLBACK;
    const server = service === this.ownService ? ownServer : service;
    return { server, prefix: this.kind === "Ingress" ? "" : prefix };
  }

  /** Notes that from now on requests may meet `next`. Answers whether a client can tell the difference. */
  begin(next: SlotState, nowMs: number): boolean {
    const before = this.outcome(this.state);
    this.state = next;
    const outcome = this.outcome(next);
    if (outcome.server === before.server && outcome.prefix === before.prefix) return false;
    this.#spans.push({ outcome, fromMs: nowMs, untilMs: Number.POSITIVE_INFINITY });
    return true;
  }

  /** Notes that the newest state is live: requests sent from now on must meet it. */
  settle(nowMs: number): void {
    const earlier = this.#spans.slice(0, -1).filter((span) => span.untilMs === Number.POSITIVE_INFINITY);
    for (const span of earlier) span.untilMs = nowMs;
  }

  /** What is wrong with an answer to a request for `path` that was sent and answered at these times, or null. */
  judge(path: string, answer: Answer, sentMs: number, answeredMs: number): string | null {
    const allowed = this.#spans.filter((span) => span.fromMs <= answeredMs && span.untilMs >= sentMs);
    const wrongs = allowed.map((span) => differs(answer, span.outcome.server, span.outcome.prefix + path));
    return wrongs.includes(null) ? null : wrongs.join("; nor ");
  }
}

/** What is wrong with an answer that should be the echo of `server`, for `path`; null when nothing is. */
export function differs(answer: Answer, server: string, path: string): string | null {
  const wanted = `200 by ${server} for ${path}`;
  if (answer.status !== 200) return `wanted ${wanted}, got ${answer.status} ${answer.body.slice(0, 80)}`;
  const echo = JSON.parse(answer.body) as { readonly server: string; readonly path: string };
  return echo.server === server && echo.path === path ? null : `wanted ${wanted}, got ${echo.server} for ${echo.path}`;
}

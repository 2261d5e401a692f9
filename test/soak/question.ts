import { createHash } from "node:crypto";
import { type Piece, pieceText, SOAK } from "./contract.ts";
import { noise } from "./noise.ts";
import type { WireResponse } from "./response-reader.ts";
import { MARKS, type RouteSlot } from "./route-slot.ts";

/** What is asked. */
export interface QuestionOptions {
  readonly slot: RouteSlot;
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  /** Of the request; null has none. */
  readonly body: Piece | null;
  readonly bodyFraming: "length" | "chunked";
  /** Of the answer. */
  readonly reply: Piece;
  readonly replyFraming: "length" | "chunked";
  /** How long the server thinks. */
  readonly delayMs: number;
  /** Further fields of the request, each with its line end. */
  readonly fields: string;
  /** Of a WebSocket handshake: what Sec-WebSocket-Accept has to be. Null for any other request. */
  readonly accept: string | null;
}

/** What a client says of itself: believed where the entry point trusts this machine, else left out. */
const SPOOFED = "192.0.2.1";
const OWN = "127.0.0.1";

/** What one connection has met so far; an answer may not go back behind it, since one worker has it. */
export class Met {
  /** Newest version of each slot's middleware. */
  readonly editions = new Map<string, number>();
  /** Whether the connection is a trusted one: settled at its accept. */
  isTrusted: boolean | null = null;
}

let lastId = 0;

/** One request, and whether an answer is the answer to it. */
export class Question {
  readonly id = `soak-${++lastId}`;
  readonly options: QuestionOptions;

  constructor(options: QuestionOptions) {
    this.options = options;
  }

  /** The request's head. */
  get head(): string {
    const { slot, method, body, bodyFraming, reply, replyFraming, delayMs, fields } = this.options;
    const length = bodyFraming === "chunked" ? "Transfer-Encoding: chunked\r\n" : `Content-Length: ${body?.length}\r\n`;
    return [
      `${method} /soak/${this.id} HTTP/1.1\r\nHost: ${slot.host}\r\nX-Forwarded-For: ${SPOOFED}\r\n`,
      `${SOAK.id}: ${this.id}\r\n${SOAK.reply}: ${pieceText(reply)}\r\n${SOAK.framing}: ${replyFraming}\r\n`,
      delayMs > 0 ? `${SOAK.delay}: ${delayMs}\r\n` : "",
      body === null ? "" : length,
      `${fields}\r\n`,
    ].join("");
  }

  /**
   * What is wrong with an answer to the question, sent and answered at these times on a connection opened at `openedMs`; null when it
   * can be the answer to this very request, by a configuration that was live meanwhile. `trusted` is what the entry point may have
   * thought of this machine.
   */
  judge(response: WireResponse, sentMs: number, answeredMs: number, trusted: readonly boolean[], met: Met): string | null {
    const { slot, body, reply, method, accept } = this.options;
    const { status, fields } = response;
    if (status !== (accept === null ? 200 : 101) || (accept ?? undefined) !== fields["sec-websocket-accept"])
      return `status ${status} ${response.body.toString("latin1", 0, 100)}`;
    if (fields[SOAK.id] !== this.id) return `the answer to ${fields[SOAK.id]}, not to ${this.id}`;
    const length = status === 101 || method === "HEAD" ? 0 : reply.length;
    if (!response.body.equals(noise(reply.offset, length))) return `another body than ${pieceText(reply)}`;
    if (status === 200 && fields[SOAK.received] !== receivedText(body)) return `the server got ${fields[SOAK.received]}`;
    const servers = slot.servers.possible(sentMs, answeredMs).flat();
    if (!servers.includes(fields[SOAK.server] ?? "")) return `by ${fields[SOAK.server]}, not by ${servers}`;
    return this.#versionProblem(fields, sentMs, answeredMs, met) ?? peerProblem(fields[SOAK.from] ?? "", trusted, met);
  }

  #versionProblem(fields: WireResponse["fields"], sentMs: number, answeredMs: number, met: Met): string | null {
    const { slot } = this.options;
    const edition = Number(fields[SOAK.edition]);
    const editions = slot.editions.possible(sentMs, answeredMs);
    if (!editions.includes(edition)) return `${slot.name} in edition ${fields[SOAK.edition]}, not ${editions}`;
    const marks = slot.routes.possible(sentMs, answeredMs).map(markOf);
    if (!marks.includes(fields[SOAK.route] ?? "")) return `${slot.name} by route ${fields[SOAK.route]}, not ${marks}`;
    const before = met.editions.get(slot.name) ?? 0;
    if (edition < before) return `${slot.name} in edition ${edition} after edition ${before} on the same connection`;
    met.editions.set(slot.name, edition);
    return null;
  }
}

function markOf(version: number): string {
  return String(version % MARKS);
}

function peerProblem(from: string, trusted: readonly boolean[], met: Met): string | null {
  const isTrusted = from === `${SPOOFED}, ${OWN}`;
  if (!isTrusted && from !== OWN) return `X-Forwarded-For: ${from}`;
  const possible = met.isTrusted === null ? trusted : [met.isTrusted];
  if (!possible.includes(isTrusted)) return `X-Forwarded-For: ${from} on a connection that is trusted: ${possible}`;
  met.isTrusted = isTrusted;
  return null;
}

/** What a server says that got this body. */
function receivedText(body: Piece | null): string {
  const bytes = body === null ? Buffer.alloc(0) : noise(body.offset, body.length);
  return `${bytes.length} ${createHash("sha256").update(bytes).digest("hex")}`;
}

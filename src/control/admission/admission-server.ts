import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { listen } from "../../kernel/listen.ts";
import type { CertificatePem } from "../../kernel/self-signed.ts";
import type { Judge, Verdict } from "./judge.ts";
import { readReview, reviewAnswer } from "./review.ts";

/** Largest review, in bytes: two versions of an object of the size etcd takes, as JSON, and what stands around them. */
const BODY_BYTES_MAX = 8 * 1024 * 1024;

/** Reviews under way at the same time. */
const REVIEWS_MAX = 16;

/** Connections at the same time. */
const CONNECTIONS_MAX = 200;

/** A review takes no longer than this; one that would is left to the webhook's failurePolicy. */
const REVIEW_MS = 900;

/** Where reviews are sent. */
const PATH = "/validate";

/** What becomes of a review. */
export type ReviewResult = "allowed" | "warned" | "denied" | "unreadable" | "overloaded" | "failed";

export interface AdmissionServerOptions {
  readonly judge: Pick<Judge, "judge">;
  /** What the server shows to the API server. */
  readonly certificate: CertificatePem;
  /** Called once a review. */
  readonly onReview?: (result: ReviewResult) => void;
  /** Called with a defect of ours; its review is left to the webhook's failurePolicy. */
  readonly onFailed?: (error: unknown) => void;
  readonly clock?: Clock;
  /** Shorter in tests. */
  readonly reviewMs?: number;
}

interface Page {
  readonly status: number;
  readonly body: string;
  /** Absent where nothing was to be reviewed. */
  readonly result?: ReviewResult;
}

/**
 * The validating webhook: HTTPS, bounded in everything. What it cannot judge in time (too many at once, too large, a defect of its
 * own) it answers with an error, so that the webhook's failurePolicy decides, and not this server.
 */
export class AdmissionServer {
  readonly #options: AdmissionServerOptions;
  readonly #clock: Clock;
  readonly #server: Server;
  #underWay = 0;

  constructor(options: AdmissionServerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const { chainPem, keyPem } = options.certificate;
    this.#server = createServer(
      {
        cert: chainPem,
        key: keyPem,
        minVersion: "TLSv1.2",
        requestTimeout: 5_000,
        handshakeTimeout: 5_000,
        keepAliveTimeout: 60_000,
      },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** Opens the port; answers the address. `host` "" is all addresses. Rejects with ListenFailed. */
  listen(host: string, port: number): Promise<AddressInfo> {
    return listen(this.#server, "admission port", host, port);
  }

  /** Shows another certificate to those who connect from now on. Throws for a pair that does not fit together. */
  useCertificate({ chainPem, keyPem }: CertificatePem): void {
    this.#server.setSecureContext({ cert: chainPem, key: keyPem, minVersion: "TLSv1.2" });
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body, result } = await this.#page(request);
    if (result !== undefined) this.#options.onReview?.(result);
    const type = status === 200 ? "application/json" : "text/plain; charset=utf-8";
    // Of a body that was not read to its end there is no next request.
    const last = request.complete ? {} : { connection: "close" };
    response.writeHead(status, { ...last, "content-type": type, "content-length": Buffer.byteLength(body) });
    response.end(body);
  }

  /** Never rejects. */
  async #page(request: IncomingMessage): Promise<Page> {
    if ((request.url ?? "").split("?", 1)[0] !== PATH) return { status: 404, body: `reviews go to ${PATH}\n` };
    if (request.method !== "POST") return { status: 405, body: "only POST\n" };
    if (Number(request.headers["content-length"] ?? 0) > BODY_BYTES_MAX) return TOO_LARGE;
    if (this.#underWay >= REVIEWS_MAX) return overloaded("too many reviews at once");
    this.#underWay += 1;
    const review = this.#review(request)
      .catch((error: unknown): Page => {
        this.#options.onFailed?.(error);
        return { status: 500, body: "not judged: a defect\n", result: "failed" };
      })
      .finally(() => {
        this.#underWay -= 1;
      });
    return this.#inTime(review);
  }

  async #review(request: IncomingMessage): Promise<Page> {
    const text = await readBody(request);
    if (text === null) return TOO_LARGE;
    const review = readReview(text);
    if (!review.ok) return unreadable(400, review.error);
    const { uid, operation, object, oldObject } = review.value;
    const isJudged = operation === "CREATE" || operation === "UPDATE";
    const verdict: Verdict = isJudged ? await this.#options.judge.judge(object, oldObject) : { errors: [], warnings: [] };
    const result = verdict.errors.length > 0 ? "denied" : verdict.warnings.length > 0 ? "warned" : "allowed";
    return { status: 200, body: JSON.stringify(reviewAnswer(uid, verdict)), result };
  }

  /** A review that takes longer goes on, and keeps its place among those under way until it ends. */
  async #inTime(review: Promise<Page>): Promise<Page> {
    let cancel = (): void => {};
    const late = new Promise<Page>((resolve) => {
      cancel = this.#clock.after(this.#options.reviewMs ?? REVIEW_MS, () => resolve(overloaded("it takes too long")));
    });
    const page = await Promise.race([review, late]);
    cancel();
    return page;
  }
}

function overloaded(why: string): Page {
  return { status: 503, body: `not judged: ${why}\n`, result: "overloaded" };
}

function unreadable(status: number, why: string): Page {
  return { status, body: `not judged: ${why}\n`, result: "unreadable" };
}

const TOO_LARGE = unreadable(413, `larger than ${BODY_BYTES_MAX / 1024 ** 2} MiB`);

/** The body of a request; null when it is too large. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

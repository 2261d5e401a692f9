import { randomBytes } from "node:crypto";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { TICKET_SECRET_BYTES } from "../../model/ticket-secret.ts";
import { ApiError, type ApiObject, type KubernetesApi } from "../api/api.ts";
import { TICKET_SECRET_KEY, TICKET_SECRET_NAME } from "../translate/tls-defaults.ts";

/** How long one secret counts: who gets hold of it can read what was said in this time on sessions that resumed before TLS 1.3. */
export const TICKET_LIFETIME_MS = 24 * 3_600_000;

const CHECK_MS = 600_000;
const RETRY_MS = 10_000;

/** When the secret was made, RFC 3339. */
const MADE_AT = "fairway.dev/made-at";

export interface SessionTicketsOptions {
  /** To be fenced: the holder of the Lease alone writes. */
  readonly api: KubernetesApi;
  /** The operator's own namespace. */
  readonly namespace: string;
  readonly isHolder: () => boolean;
  /** Called with what went wrong; it is tried again. */
  readonly onProblem: (problem: string) => void;
  readonly clock?: Clock;
}

/**
 * Keeps the Secret that all TLS session tickets are protected with: makes it where there is none, and anew every day. Proxies learn of it
 * by their snapshot; without it each has a secret of its own, and sessions resume on the same Pod alone.
 */
export class SessionTickets {
  readonly #options: SessionTicketsOptions;
  readonly #clock: Clock;
  #isStopped = false;
  #cancel: () => void = () => {};

  constructor(options: SessionTicketsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Looks after the Secret at once, and from then on. */
  async start(): Promise<void> {
    this.#cancel();
    if (this.#isStopped || !this.#options.isHolder()) return;
    const isFine = await this.#check();
    if (this.#isStopped) return;
    this.#cancel = this.#clock.after(isFine ? CHECK_MS : RETRY_MS, () => void this.start());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  /** Never rejects. */
  async #check(): Promise<boolean> {
    try {
      const former = await this.#read();
      if (former === null || !this.#isGood(former)) await this.#write(former);
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (this.#options.isHolder()) this.#options.onProblem(`the Secret of TLS session tickets cannot be seen to: ${why}`);
      return false;
    }
  }

  #isGood({ metadata, data }: ApiObject): boolean {
    const { [TICKET_SECRET_KEY]: secret = "" } = (data ?? {}) as Readonly<Record<string, string>>;
    const { [MADE_AT]: madeAt = "" } = (metadata as { annotations?: Readonly<Record<string, string>> }).annotations ?? {};
    const ageMs = this.#clock.now() - Date.parse(madeAt);
    return Buffer.from(secret, "base64").length >= TICKET_SECRET_BYTES && ageMs >= 0 && ageMs < TICKET_LIFETIME_MS;
  }

  async #read(): Promise<ApiObject | null> {
    try {
      return await this.#options.api.request({ method: "GET", path: `${this.#collection}/${TICKET_SECRET_NAME}` });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  async #write(former: ApiObject | null): Promise<void> {
    const metadata = {
      labels: { "app.kubernetes.io/name": "fairway", "app.kubernetes.io/component": "tls" },
      ...former?.metadata,
      name: TICKET_SECRET_NAME,
      namespace: this.#options.namespace,
      annotations: { [MADE_AT]: new Date(this.#clock.now()).toISOString() },
    };
    const data = { [TICKET_SECRET_KEY]: randomBytes(TICKET_SECRET_BYTES).toString("base64") };
    await this.#options.api.request({
      method: former === null ? "POST" : "PUT",
      path: former === null ? this.#collection : `${this.#collection}/${TICKET_SECRET_NAME}`,
      body: { apiVersion: "v1", kind: "Secret", type: "Opaque", metadata, data },
    });
  }

  get #collection(): string {
    return `/api/v1/namespaces/${this.#options.namespace}/secrets`;
  }
}

import { createHash } from "node:crypto";
import { CHANNEL_AUDIENCE } from "../../channel/access.ts";
import type { Authenticate, ProxyIdentity, Rejection } from "../../channel/authentication.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { fail, ok, type Result } from "../../kernel/result.ts";
import type { KubernetesApi } from "../api/api.ts";
import { type Reviewed, readReview, type ServiceAccount } from "./review-answer.ts";

/** A token of a ServiceAccount has about 1 KiB. */
const TOKEN_CHARS_MAX = 8_192;

/** For this long a token that was found good is not asked about again when its proxy comes back. */
const FRESH_MS = 60_000;

/** For this long it is also taken when the API server cannot be asked. */
const KEPT_MS = 300_000;

/** Most tokens remembered; the one that was checked first goes first. */
const REMEMBERED_MAX = 2_000;

/** Most questions to the API server at a time. */
const REVIEWS_MAX = 50;

/** An API server that has not answered after this time is taken for unreachable. */
const REVIEW_MS = 5_000;

export interface TokenReviewerOptions {
  readonly api: KubernetesApi;
  /** The classes whose proxies run as this account, as configured now. */
  readonly classesOf: (account: ServiceAccount) => readonly string[];
  readonly clock?: Clock;
}

interface Remembered {
  readonly reviewed: Reviewed;
  readonly checkedMs: number;
}

/**
 * Has the API server say whose a token is (TokenReview, authentication.k8s.io/v1). Good answers are remembered for a moment, by the
 * token's hash, bad ones never.
 */
export class TokenReviewer {
  readonly #api: KubernetesApi;
  readonly #classesOf: TokenReviewerOptions["classesOf"];
  readonly #clock: Clock;
  readonly #remembered = new Map<string, Remembered>();
  readonly #asking = new Map<string, Promise<Result<Reviewed, Rejection>>>();

  constructor({ api, classesOf, clock = systemClock }: TokenReviewerOptions) {
    this.#api = api;
    this.#classesOf = classesOf;
    this.#clock = clock;
  }

  /** What the channel asks for each stream. */
  readonly authenticate: Authenticate = async (token) => {
    if (token === "") return refused("a token is needed");
    if (token.length > TOKEN_CHARS_MAX) return refused("the token is longer than any");
    const key = createHash("sha256").update(token).digest("base64");
    const known = this.#recall(key, FRESH_MS);
    const reviewed = known === null ? await this.#ask(token, key) : ok(known);
    return reviewed.ok ? ok(this.#identity(reviewed.value, token, key)) : reviewed;
  };

  #identity({ account, podName }: Reviewed, token: string, key: string): ProxyIdentity {
    return {
      account: `ServiceAccount ${account.namespace}/${account.name}`,
      podName,
      classes: () => this.#classesOf(account),
      recheck: async () => {
        const asked = await this.#review(token, key);
        if (asked.ok) return "valid";
        return asked.error.comeBack === "soon" ? "unknown" : "invalid";
      },
    };
  }

  /** Asks the API server; when it cannot be asked, what it said moments ago counts. */
  async #ask(token: string, key: string): Promise<Result<Reviewed, Rejection>> {
    const asked = await this.#review(token, key);
    if (asked.ok || asked.error.comeBack === "later") return asked;
    const known = this.#recall(key, KEPT_MS);
    return known === null ? asked : ok(known);
  }

  /** One question for each token at a time. */
  #review(token: string, key: string): Promise<Result<Reviewed, Rejection>> {
    const asking = this.#asking.get(key);
    if (asking !== undefined) return asking;
    if (this.#asking.size >= REVIEWS_MAX) return Promise.resolve(unavailable("too many proxies come at a time"));
    const review = this.#request(token, key).finally(() => this.#asking.delete(key));
    this.#asking.set(key, review);
    return review;
  }

  async #request(token: string, key: string): Promise<Result<Reviewed, Rejection>> {
    let answer: unknown;
    const sentMs = this.#clock.monotonicMs();
    try {
      answer = await this.#api.request<unknown>({
        method: "POST",
        path: "/apis/authentication.k8s.io/v1/tokenreviews",
        body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token, audiences: [CHANNEL_AUDIENCE] } },
        timeoutMs: REVIEW_MS,
      });
    } catch (error) {
      return unavailable(
        `the API server cannot be asked about the token: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    const reviewed = readReview(answer, CHANNEL_AUDIENCE);
    this.#remembered.delete(key);
    if (!reviewed.ok) return refused(reviewed.error);
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.delete(this.#remembered.keys().next().value ?? "");
    this.#remembered.set(key, { reviewed: reviewed.value, checkedMs: sentMs });
    return reviewed;
  }

  #recall(key: string, forMs: number): Reviewed | null {
    const known = this.#remembered.get(key);
    return known !== undefined && this.#clock.monotonicMs() - known.checkedMs <= forMs ? known.reviewed : null;
  }
}

function refused(reason: string): Result<never, Rejection> {
  return fail({ reason, comeBack: "later" });
}

function unavailable(reason: string): Result<never, Rejection> {
  return fail({ reason, comeBack: "soon" });
}

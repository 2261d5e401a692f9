import { Backoff } from "../../kernel/backoff.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import type { CertificatePem } from "../../kernel/self-signed.ts";
import type { KubernetesApi } from "../api/api.ts";
import {
  type AuthoritySet,
  advance,
  bundleOf,
  firstAuthorities,
  ROTATION_TIMING,
  type RotationTiming,
} from "./authority-rotation.ts";
import { AuthorityStore } from "./authority-store.ts";
import { issueServerCertificate, type ServerNames } from "./certificate-authority.ts";

/** How often the Secret and the ConfigMap are looked at, shortened by up to a half at random. */
const CHECK_MS = 60_000;

/** First and longest pause after a check that failed. */
const RETRY_FIRST_MS = 250;
const RETRY_MOST_MS = 10_000;

/** Times that a replica tries anew because another one was quicker, in one check. */
const CONFLICTS_MAX = 5;

export interface ChannelCaOptions {
  readonly api: KubernetesApi;
  /** The operator's namespace. */
  readonly namespace: string;
  /** Whom this replica's certificate is for: the names of the Service, the address of the Pod. */
  readonly server: ServerNames;
  /** Called with each certificate but the first. */
  readonly onCertificate: (certificate: CertificatePem) => void;
  /** Called with what went wrong: a check, which is tried again, or authorities in the Secret that could not be used and were replaced. */
  readonly onProblem: (problem: string) => void;
  readonly clock?: Clock;
  readonly timing?: RotationTiming;
}

/**
 * The channel's certificate authority, as one replica of the operator sees it. Whoever is first makes it, all read it, whoever notices
 * rotates it; every replica issues its own certificate, whose key never leaves the process.
 */
export class ChannelCa {
  readonly #options: ChannelCaOptions;
  readonly #clock: Clock;
  readonly #timing: RotationTiming;
  readonly #store: AuthorityStore;
  readonly #backoff = new Backoff(RETRY_FIRST_MS, RETRY_MOST_MS);
  #signedBy = "";
  #problems = 0;
  #issuedMs = 0;
  #stopped = false;
  #cancel: () => void = () => {};

  constructor(options: ChannelCaOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#timing = options.timing ?? ROTATION_TIMING;
    this.#store = new AuthorityStore(options.api, options.namespace);
  }

  /**
   * Answers the first certificate, as soon as the API server lets it be made; follows the Secret and the clock from then on. Rejects
   * when it is stopped before that.
   */
  async start(): Promise<CertificatePem> {
    while (!this.#stopped) {
      const certificate = await this.#check();
      if (certificate !== null) {
        this.#schedule(CHECK_MS);
        return certificate;
      }
      await new Promise<void>((resolve) => void this.#clock.after(this.#backoff.next(), resolve));
    }
    throw new Error("stopped before there was a certificate for the channel");
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#clock.after(delayMs * (1 - Math.random() / 2), () => void this.#follow());
  }

  async #follow(): Promise<void> {
    const problemsBefore = this.#problems;
    const certificate = await this.#check();
    if (this.#stopped) return;
    if (certificate !== null) this.#options.onCertificate(certificate);
    this.#schedule(this.#problems === problemsBefore ? CHECK_MS : this.#backoff.next());
  }

  /** Sees to the authorities; answers a new certificate where one is due. Never rejects. */
  async #check(): Promise<CertificatePem | null> {
    try {
      const set = await this.#authorities();
      if (set === null) return null;
      const certificate = await this.#issue(set);
      await this.#publish(set);
      return certificate;
    } catch (error) {
      this.#tell(
        `the channel's certificate authority cannot be seen to: ${error instanceof Error ? error.message : String(error)}`,
      );
      return null;
    }
  }

  /** The authorities as they are to be now, read or written by this replica; null when others are always quicker. */
  async #authorities(): Promise<AuthoritySet | null> {
    for (let attempt = 0; attempt < CONFLICTS_MAX; attempt++) {
      const { object, set } = await this.#store.read();
      const nowMs = this.#clock.now();
      if (!set.ok && object !== null) this.#tell(`the Secret of the channel's certificate authority is replaced: ${set.error}`);
      const wanted = set.ok ? await advance(set.value, nowMs, this.#timing) : await firstAuthorities(nowMs, this.#timing);
      if (set.ok && wanted === set.value) return wanted;
      if (await this.#store.write(wanted, object)) return wanted;
    }
    return null;
  }

  /** A bundle that cannot be published is no reason to let this replica's certificate run out. */
  async #publish(set: AuthoritySet): Promise<void> {
    try {
      await this.#store.publish(bundleOf(set));
      this.#backoff.reset();
    } catch (error) {
      this.#tell(`what proxies trust cannot be published: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #issue({ current }: AuthoritySet): Promise<CertificatePem | null> {
    const nowMs = this.#clock.now();
    const isFresh = nowMs - this.#issuedMs < this.#timing.serverRenewMs && nowMs >= this.#issuedMs;
    if (isFresh && this.#signedBy === current.certificatePem) return null;
    const certificate = await issueServerCertificate(current, this.#options.server, nowMs, this.#timing.serverLifetimeMs);
    this.#signedBy = current.certificatePem;
    this.#issuedMs = nowMs;
    return certificate;
  }

  #tell(problem: string): void {
    this.#problems++;
    this.#options.onProblem(problem);
  }
}

import { Backoff } from "../../kernel/backoff.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { ApiError, type ApiObject, type KubernetesApi } from "../api/api.ts";
import { issueServerCertificate, makeAuthority, notAfterMs } from "../auth/certificate-authority.ts";

/** The name of the webhook's Service, of the Secret with its certificate, and of its ValidatingWebhookConfiguration. */
export const WEBHOOK_NAME = "fairway-admission";

const DAY_MS = 86_400_000;

/** A certificate lives this long; it is renewed when less than a third is left. */
const LIFETIME_MS = 90 * DAY_MS;
const RENEW_LEFT_MS = 30 * DAY_MS;

/** How often everything is looked at; first and longest pause after a failure, a missing object or right included. */
const CHECK_MS = 30_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 60_000;

/** Authorities that are trusted: the one that signed, and the one before, for replicas that still show its certificate. */
const TRUSTED_MAX = 2;

export interface WebhookCertificateOptions {
  readonly api: KubernetesApi;
  /** The operator's namespace, and so the webhook's. */
  readonly namespace: string;
  /** Whether this replica is to write: the holder of the Lease does. */
  readonly isHolder: () => boolean;
  /** Called with what went wrong, once until it is something else. */
  readonly onProblem: (problem: string) => void;
  readonly clock?: Clock;
}

interface Secret extends ApiObject {
  readonly data?: Readonly<Record<string, string>>;
}

interface WebhookConfiguration extends ApiObject {
  readonly webhooks?: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}

/**
 * Keeps the certificate of the webhook, which has no rights to do so itself: a Secret that its Pods mount, and the `caBundle` by which
 * the API server trusts it. Each certificate has an authority of its own, whose key is forgotten at once.
 */
export class WebhookCertificate {
  readonly #options: WebhookCertificateOptions;
  readonly #clock: Clock;
  readonly #backoff = new Backoff(RETRY_FIRST_MS, RETRY_MOST_MS);
  #told = "";
  #stopped = false;
  #cancel: () => void = () => {};

  constructor(options: WebhookCertificateOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Sees to it from now on. Never rejects. */
  async start(): Promise<void> {
    if (this.#stopped) return;
    const isWell = !this.#options.isHolder() || (await this.#try());
    if (isWell) this.#backoff.reset();
    // Who does not hold the Lease may at any moment.
    const pauseMs = !this.#options.isHolder() ? RETRY_FIRST_MS : isWell ? CHECK_MS : this.#backoff.next();
    if (!this.#stopped) this.#cancel = this.#clock.after(pauseMs, () => void this.start());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #try(): Promise<boolean> {
    try {
      await this.#trust(await this.#bundle());
      this.#told = "";
      return true;
    } catch (error) {
      const problem = `the webhook's certificate cannot be seen to: ${error instanceof Error ? error.message : String(error)}`;
      if (problem !== this.#told && !this.#stopped) this.#options.onProblem(problem);
      this.#told = problem;
      return false;
    }
  }

  /** What the API server is to trust, PEM: of the certificate there is, or of a new one where that is due. */
  async #bundle(): Promise<string> {
    const path = `/api/v1/namespaces/${this.#options.namespace}/secrets`;
    const former = await found(this.#options.api.request<Secret>({ method: "GET", path: `${path}/${WEBHOOK_NAME}` }));
    const [certificate, trusted] = [decoded(former, "tls.crt"), decoded(former, "ca.crt")];
    if (trusted !== "" && (notAfterMs(certificate) ?? 0) - this.#clock.now() > RENEW_LEFT_MS) return trusted;
    const { data, bundle } = await this.#make(trusted);
    const metadata = { ...(former?.metadata ?? { labels: LABELS }), name: WEBHOOK_NAME, namespace: this.#options.namespace };
    const body = { apiVersion: "v1", kind: "Secret", type: "kubernetes.io/tls", metadata, data };
    await this.#options.api.request(
      former === null ? { method: "POST", path, body } : { method: "PUT", path: `${path}/${WEBHOOK_NAME}`, body },
    );
    return bundle;
  }

  async #make(trusted: string): Promise<{ readonly data: Readonly<Record<string, string>>; readonly bundle: string }> {
    const [nowMs, service] = [this.#clock.now(), `${WEBHOOK_NAME}.${this.#options.namespace}.svc`];
    const authority = await makeAuthority(nowMs, LIFETIME_MS);
    const { chainPem, keyPem } = await issueServerCertificate(authority, { names: [service], addresses: [] }, nowMs, LIFETIME_MS);
    const former = certificatesIn(trusted).filter((pem) => (notAfterMs(pem) ?? 0) > nowMs);
    const bundle = [authority.certificatePem, ...former].slice(0, TRUSTED_MAX).join("");
    return { data: encoded({ "tls.crt": chainPem, "tls.key": keyPem, "ca.crt": bundle }), bundle };
  }

  /** Has the webhook's configuration trust a bundle; one that was changed meanwhile is for the next time. */
  async #trust(bundle: string): Promise<void> {
    const path = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${WEBHOOK_NAME}`;
    const configuration = await this.#options.api.request<WebhookConfiguration>({ method: "GET", path });
    const caBundle = Buffer.from(bundle).toString("base64");
    const { webhooks = [] } = configuration;
    if (webhooks.every(({ clientConfig }) => clientConfig.caBundle === caBundle)) return;
    const trusting = webhooks.map((webhook) => ({ ...webhook, clientConfig: { ...webhook.clientConfig, caBundle } }));
    await this.#options.api.request({ method: "PUT", path, body: { ...configuration, webhooks: trusting } });
  }
}

const LABELS = { "app.kubernetes.io/name": "fairway", "app.kubernetes.io/component": "admission" };

/** What a request finds; null when there is no such object. */
async function found<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

function certificatesIn(bundle: string): readonly string[] {
  return (bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((pem) => `${pem}\n`);
}

function decoded(secret: Secret | null, key: string): string {
  return Buffer.from(secret?.data?.[key] ?? "", "base64").toString("utf8");
}

function encoded(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([key, text]) => [key, Buffer.from(text).toString("base64")]));
}

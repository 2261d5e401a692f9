import type { AddressInfo } from "node:net";
import { ChannelServer } from "../channel/server.ts";
import { OperatorAdmin } from "../control/admin/operator-admin.ts";
import { WebhookCertificate } from "../control/admission/webhook-certificate.ts";
import type { ApiClient } from "../control/api/client.ts";
import { ChannelCa } from "../control/auth/channel-ca.ts";
import type { ServiceAccount } from "../control/auth/review-answer.ts";
import { SessionTickets } from "../control/auth/session-tickets.ts";
import { TokenReviewer } from "../control/auth/token-review.ts";
import { Compiler } from "../control/graph/compiler.ts";
import { FencedApi } from "../control/leader/fenced-api.ts";
import type { HeldTerm } from "../control/leader/held-term.ts";
import { LeaderElection } from "../control/leader/leader-election.ts";
import { leaseTiming } from "../control/leader/lease-timing.ts";
import { Publisher } from "../control/publish/publisher.ts";
import { type CompiledRun, Reconciler } from "../control/reconciler.ts";
import type { CollectionState } from "../control/sources/kubernetes/kubernetes-source.ts";
import { KubernetesSource } from "../control/sources/kubernetes/kubernetes-source.ts";
import type { Operator } from "../control/sources/kubernetes/operator.ts";
import type { Publishing } from "../control/status/class-views.ts";
import { StatusKeeper } from "../control/status/status-keeper.ts";
import { ObjectStore } from "../control/store/object-store.ts";
import { translateClassRoster } from "../control/translate/class-roster.ts";
import { accountKey, type ClassSettings, classesByAccount } from "../control/translate/class-settings.ts";
import type { CompileSettings } from "../control/translate/settings.ts";
import { Intake } from "../control/validate/intake.ts";
import { KindCatalog } from "../control/validate/kind-catalog.ts";
import { systemClock } from "../kernel/clock.ts";
import type { Logger } from "../telemetry/log.ts";
import type { HostPort } from "./entry-point-flags.ts";
import { version } from "./version.ts";

/** The Lease of the replicas of an operator, and the Service in front of them. */
export const OPERATOR_NAME = "fairway-operator";

/**
 * A replica that got the Lease before it had seen the world gives it back when that takes longer: another one may have seen it. 5,000
 * routes take 2 s.
 */
const FIRST_LOOK_MAX_MS = 60_000;

export interface ClusterHalfOptions {
  readonly api: ApiClient;
  readonly settings: CompileSettings;
  /** Whether to create or update the CustomResourceDefinitions first. */
  readonly installsDefinitions: boolean;
  /** Namespaces to watch; empty: all. */
  readonly namespaces: readonly string[];
  /** Whom this replica is: its Pod, else its host. */
  readonly instance: string;
  /** IP address of this replica, that its certificate is for; null when it is not known. */
  readonly address: string | null;
  /** Where proxies reach this replica. */
  readonly url: string;
  readonly leaseDurationMs: number;
  readonly publish: Publishing;
  /** Whether to keep the certificate of the webhook, and have the API server trust it. */
  readonly keepsWebhookCertificate: boolean;
  readonly log: Logger;
  readonly onCompiled: (run: CompiledRun) => void;
  readonly onRole: (role: "serving" | "standingBy", holder: string) => void;
}

/** The control plane on a cluster, put together. */
export class ClusterHalf {
  readonly admin: OperatorAdmin;
  readonly #options: ClusterHalfOptions;
  readonly #store = new ObjectStore();
  readonly #intake = new Intake(this.#store, new KindCatalog());
  readonly #publisher = new Publisher();
  readonly #compiler: Compiler;
  readonly #source: KubernetesSource;
  readonly #reconciler: Reconciler;
  readonly #status: StatusKeeper;
  readonly #authority: ChannelCa;
  readonly #tickets: SessionTickets;
  readonly #election: LeaderElection;
  readonly #webhook: WebhookCertificate | null;
  #operator: Operator | null = null;
  #server: ChannelServer | null = null;
  #stopping = false;
  /** Resolves when everything is compiled and the channel is open, or at the end. */
  readonly #opened = Promise.withResolvers<void>();
  /** The term in which everything was first listed; null: in none of ours. */
  #firstTerm: HeldTerm | null = null;

  constructor(options: ClusterHalfOptions) {
    this.#options = options;
    this.#compiler = new Compiler(options.settings);
    this.#source = this.#makeSource();
    this.#status = this.#makeStatus();
    this.#reconciler = this.#makeReconciler();
    this.#authority = this.#makeAuthority();
    this.#election = this.#makeElection();
    this.#tickets = this.#makeTickets();
    this.#webhook = options.keepsWebhookCertificate ? this.#makeWebhook() : null;
    this.admin = this.#makeAdmin();
  }

  /**
   * Reads the cluster and compiles it, opens the channel, and takes part in the election from then on; a Lease that nobody holds it takes
   * before all that. Rejects with ListenFailed. Until the API server answers it waits, however long.
   */
  async start({ host, port }: HostPort): Promise<AddressInfo> {
    const [certificate] = await Promise.all([this.#authority.start(), this.#load()]);
    const reviewer = new TokenReviewer({ api: this.#options.api, classesOf: (account) => this.#classesOf(account) });
    this.#server = new ChannelServer({
      source: this.#publisher,
      waits: true,
      security: { certificate, authenticate: reviewer.authenticate },
      onAnswer: (answer) => {
        this.admin.answered(answer);
        this.#status.onAnswer(answer);
      },
      onGone: (proxyId, className) => {
        this.admin.gone(proxyId, className);
        this.#status.onGone(proxyId, className);
      },
    });
    const address = await this.#server.listen(host, port);
    this.#opened.resolve();
    this.#election.start();
    void this.#webhook?.start();
    return address;
  }

  /** Hands over: stops writing, gives the Lease back, sends proxies to the successor, and ends. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#webhook?.stop();
    this.#tickets.stop();
    this.#status.stop();
    const successor = await this.#election.stop();
    this.#opened.resolve();
    await this.#server?.close(successor?.url ?? "");
    this.#authority.stop();
    await this.#operator?.end();
    await this.#reconciler.stop();
    await this.admin.close();
  }

  async #load(): Promise<void> {
    const [operator] = await Promise.all([this.#makeOperator(), this.#election.startIfFree()]);
    this.#operator = operator;
    this.#firstTerm = this.#election.term;
    if (!this.#stopping) await operator.start();
    if (!this.#stopping) await this.#reconciler.start();
  }

  /** This replica has the right to publish: what the API server holds now, or has held since, is what it publishes. */
  async #takeOver(term: HeldTerm): Promise<void> {
    await this.#atMost(FIRST_LOOK_MAX_MS, this.#opened.promise);
    if (!term.isCurrent()) return;
    this.#server?.take();
    if (term !== this.#firstTerm) await this.#source.relist();
    await this.#reconciler.settled();
    if (!term.isCurrent()) return;
    this.#server?.serve(term);
    this.#status.setHolder(true);
    this.#options.onRole("serving", this.#options.url);
    void this.#tickets.start();
  }

  async #atMost(mostMs: number, what: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<never>();
    const cancel = systemClock.after(mostMs, () => late.reject(new Error(`nothing to serve after ${mostMs} ms`)));
    await Promise.race([what, late.promise]).finally(cancel);
  }

  #standAside(holder: string): void {
    this.#status.setHolder(false);
    this.#server?.standAside(holder);
    if (!this.#stopping) this.#options.onRole("standingBy", holder);
  }

  /** The classes whose proxies run as an account. */
  #classesOf(account: ServiceAccount): readonly string[] {
    const { settings } = this.#options;
    const roster = translateClassRoster(this.#store, settings).face;
    const className = classesByAccount(roster, (name) => this.#compiler.settingsOf(name)).get(accountKey(account));
    return className === undefined ? [] : [className];
  }

  #classes(): ReadonlyMap<string, ClassSettings> {
    const found = new Map<string, ClassSettings>();
    for (const name of this.#compiler.classes()) {
      const settings = this.#compiler.settingsOf(name);
      if (settings !== undefined) found.set(name, settings);
    }
    return found;
  }

  // --- the parts ---

  #makeSource(): KubernetesSource {
    const { api, namespaces, log } = this.#options;
    return new KubernetesSource({
      api,
      intake: this.#intake,
      namespaces,
      onStatusSeen: (ref, status, resourceVersion) => this.#status.onStatusSeen(ref, status, resourceVersion),
      onState: (collection) => tellState(collection, log),
      onAsked: (kind, what) => (what === "list" ? this.admin.metrics.lists : this.admin.metrics.watches).add(1, { kind }),
      onFetchFailed: (ref, status, reason) => log.warn("an object cannot be fetched", { ...ref, status, reason }),
    });
  }

  async #makeOperator(): Promise<Operator> {
    const { api, installsDefinitions, log } = this.#options;
    // The client library behind it takes long to load: only where a cluster is watched.
    const { definitionFiles, Operator } = await import("../control/sources/kubernetes/operator.ts");
    return new Operator({
      api,
      kubeConfig: api.kubeConfig,
      source: this.#source,
      definitions: installsDefinitions ? definitionFiles() : [],
      log,
    });
  }

  #makeStatus(): StatusKeeper {
    const { api, settings, instance, publish, log } = this.#options;
    return new StatusKeeper({
      api: new FencedApi(api, () => this.#election.term),
      clock: systemClock,
      controllerName: settings.controllerName,
      instance,
      store: this.#store,
      compiler: this.#compiler,
      classes: () => this.#classes(),
      publish,
      objections: (ref) => this.#intake.objections(ref),
      uidOf: (ref) => this.#source.uidOf(ref),
      onTrouble: (what, error) => {
        this.admin.metrics.statusWrites.add(1, { result: "failed" });
        log.warn(what, { error });
      },
      onWritten: () => this.admin.metrics.statusWrites.add(1, { result: "written" }),
    });
  }

  #makeReconciler(): Reconciler {
    const { log, onCompiled } = this.#options;
    return new Reconciler({
      store: this.#store,
      compiler: this.#compiler,
      publisher: this.#publisher,
      clock: systemClock,
      onWants: (wants, isFirst) => this.#source.want(wants, isFirst),
      onRun: (run) => this.#status.onRun(run),
      onCompiled: (run) => {
        this.admin.compiled(run);
        onCompiled(run);
      },
      onFailed: (error, retryMs) => {
        this.admin.failed();
        log.error("compiling failed", { error, retryMs: Math.round(retryMs) });
      },
    });
  }

  #makeAuthority(): ChannelCa {
    const { api, settings, address, log } = this.#options;
    const service = `${OPERATOR_NAME}.${settings.operatorNamespace}.svc`;
    return new ChannelCa({
      api,
      namespace: settings.operatorNamespace,
      server: { names: [service, `${service}.cluster.local`], addresses: address === null ? [] : [address] },
      onCertificate: (certificate) => this.#server?.renewCertificate(certificate),
      onProblem: (problem) => log.warn(problem),
    });
  }

  #makeElection(): LeaderElection {
    const { api, settings, instance, url, leaseDurationMs, log } = this.#options;
    return new LeaderElection({
      api,
      namespace: settings.operatorNamespace,
      name: OPERATOR_NAME,
      identity: `${instance}_${process.pid}_${Date.now().toString(36)}`,
      url,
      timing: leaseTiming(leaseDurationMs),
      onAcquired: (term) => this.#takeOver(term),
      onLost: (reason) => {
        log.warn("the Lease is lost", { reason });
        this.#standAside("");
      },
      onHolder: (holder) => this.#standAside(holder?.url ?? ""),
      onProblem: (error) => log.warn("the Lease cannot be seen to", { error }),
    });
  }

  #makeTickets(): SessionTickets {
    const { api, settings, log } = this.#options;
    return new SessionTickets({
      api: new FencedApi(api, () => this.#election.term),
      namespace: settings.operatorNamespace,
      isHolder: () => this.#election.term !== null,
      onProblem: (problem) => log.warn(problem),
    });
  }

  #makeWebhook(): WebhookCertificate {
    const { api, settings, log } = this.#options;
    return new WebhookCertificate({
      api,
      namespace: settings.operatorNamespace,
      isHolder: () => this.#election.term !== null,
      onProblem: (problem) => log.warn(problem),
    });
  }

  #makeAdmin(): OperatorAdmin {
    return new OperatorAdmin({
      version: version(),
      store: this.#store,
      settings: this.#options.settings,
      snapshots: () => this.#publisher.snapshots(),
      sourceProblems: () => this.#intake.problems(),
      cluster: {
        isHolder: () => this.#election.term !== null,
        watchSilence: () => this.#source.silence(),
        statusBacklog: () => this.#status.waiting,
      },
    });
  }
}

function tellState({ kind, namespace, state }: CollectionState, log: Logger): void {
  if (state.is !== "failing") return;
  log.warn("a kind cannot be watched", {
    kind,
    ...(namespace === null ? {} : { namespace }),
    status: state.status,
    reason: state.reason,
  });
}

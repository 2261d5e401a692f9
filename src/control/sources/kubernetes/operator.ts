import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import dotOperator, { type ResourceEvent, ResourceEventType, ResourceMetaImpl } from "@dot-i/k8s-operator";
import type { KubeConfig, KubernetesObject, V1CustomResourceDefinitionVersion } from "@kubernetes/client-node";
import { parse } from "yaml";
import { Backoff } from "../../../kernel/backoff.ts";
import { type Clock, systemClock } from "../../../kernel/clock.ts";
import type { Logger } from "../../../telemetry/log.ts";
import {
  ApiError,
  type ApiMetadata,
  type ApiObject,
  type ApiRequest,
  ApiUnreachable,
  type KubernetesApi,
} from "../../api/api.ts";
import { GROUP } from "../../validate/kind-catalog.ts";
import { Discovery } from "./discovery.ts";
import { apiVersionOf, collectionPath, type WatchedKind } from "./kinds.ts";
import { METADATA_LIST_TYPE, METADATA_TYPE } from "./metadata-sink.ts";
import { Pause } from "./pause.ts";
import { Reflector, type ReflectorSink } from "./reflector.ts";

/** Who owns the fields of the definitions that are installed (server-side apply). */
const FIELD_MANAGER = "fairway";

/** What a try that failed is followed by, and the longest pause between two. */
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 10_000;

/** How often it is looked whether a definition is served yet, and for how long. */
const ESTABLISHED_POLL_MS = 100;
const ESTABLISHED_MAX_MS = 30_000;

const DEFINITIONS = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" } as const;

/** What a definition defines. */
interface Registered {
  readonly group: string;
  readonly versions: V1CustomResourceDefinitionVersion[];
  readonly plural: string;
}

interface Definition extends ApiObject {
  readonly spec: {
    readonly group: string;
    readonly versions: V1CustomResourceDefinitionVersion[];
    readonly names: { readonly plural: string };
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** What is run between `start` and `stop`. */
interface Source {
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface OperatorOptions {
  readonly api: KubernetesApi;
  readonly kubeConfig: KubeConfig;
  readonly source: Source;
  /** Files of CustomResourceDefinitions to create or update first; it is then told, too, when somebody removes one of ours. */
  readonly definitions: readonly string[];
  readonly log: Logger;
  readonly clock?: Clock;
}

/**
 * The life of the operator on a cluster: installs the definitions when asked to, then starts the source; `stop` ends both.
 *
 * The frame is @dot-i/k8s-operator's: `start` calls `init`, which registers definitions and watches resources, whose changes come as
 * resource events. What it does on its own client is replaced: definitions are applied and awaited where it only creates them, and its
 * watches, which lose deletions and end the process when one fails, are reflectors.
 */
export class Operator extends dotOperator.default {
  readonly #api: KubernetesApi;
  readonly #source: Source;
  readonly #definitions: readonly string[];
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #pause: Pause;
  readonly #watches: Reflector<unknown>[] = [];
  #isStopped = false;

  constructor({ api, kubeConfig, source, definitions, log, clock = systemClock }: OperatorOptions) {
    super({ debug: () => {}, info: (text) => log.info(text), warn: (text) => log.warn(text), error: (text) => log.error(text) });
    this.kubeConfig = kubeConfig;
    this.#api = api;
    this.#source = source;
    this.#definitions = definitions;
    this.#log = log;
    this.#clock = clock;
    this.#pause = new Pause(clock);
  }

  /** Ends the watches and the source, and resolves when they have ended. */
  async end(): Promise<void> {
    this.stop();
    await Promise.all([this.#source.stop(), ...this.#watches.map((watch) => watch.stop())]);
  }

  /** As `end`, without waiting for it. */
  override stop(): void {
    super.stop();
    this.#isStopped = true;
    this.#pause.end();
  }

  protected override async init(): Promise<void> {
    if (this.#definitions.length > 0) await this.#install();
    if (!this.#isStopped) await this.#source.start();
  }

  /**
   * Creates a definition, or brings it to what the file says, and waits until the server serves it. As long as the server cannot be
   * reached it is tried again; rejects with ApiError when the server refuses it.
   */
  protected override async registerCustomResourceDefinition(file: string): Promise<Registered> {
    const definition = parse(readFileSync(file, "utf8")) as Definition;
    const path = `${collectionPath(DEFINITIONS, DEFINITIONS.version, null)}/${definition.metadata.name}`;
    const applied = await this.#persist<Definition>({
      method: "PATCH",
      path,
      contentType: "application/apply-patch+yaml",
      query: { fieldManager: FIELD_MANAGER, force: true },
      body: definition,
    });
    await this.#established(path, applied);
    const { group, versions, names } = definition.spec;
    return { group, versions, plural: names.plural };
  }

  protected override getCustomResourceApiUri(group: string, version: string, plural: string, namespace?: string): string {
    return `${this.kubeConfig.getCurrentCluster()?.server ?? ""}${collectionPath({ group, plural }, version, namespace ?? null)}`;
  }

  /**
   * Tells every change of a resource, from what is there now on; resolves when that has been told. It never gives up. Objects come as
   * metadata alone.
   */
  protected override async watchResource(
    group: string,
    version: string,
    plural: string,
    onEvent: (event: ResourceEvent) => Promise<void>,
    namespace?: string,
  ): Promise<void> {
    const kind: WatchedKind = {
      kind: plural,
      group,
      versions: [version],
      plural,
      isNamespaced: namespace !== undefined,
      hold: "whole",
      isOurs: false,
      countsGenerations: false,
    };
    const sink = new EventSink(plural, apiVersionOf({ group }, version), (event) => {
      onEvent(event).catch((error: unknown) => this.#log.error("a resource event was not dealt with", { plural, error }));
    });
    const reflector = new Reflector({
      api: this.#api,
      discovery: new Discovery(this.#api, this.#clock),
      kind,
      namespace: namespace ?? null,
      accept: { list: METADATA_LIST_TYPE, watch: METADATA_TYPE },
      clock: this.#clock,
      sink,
      onState: (state) => {
        if (state.is === "failing") this.#log.warn("a resource cannot be watched", { plural, ...state });
      },
    });
    this.#watches.push(reflector);
    await reflector.start();
  }

  async #install(): Promise<void> {
    for (const file of this.#definitions) {
      if (this.#isStopped) return;
      const { group, plural } = await this.registerCustomResourceDefinition(file);
      this.#log.info("a definition is installed", { name: `${plural}.${group}` });
    }
    // Whether they can be watched is nothing to wait for.
    void this.watchResource(DEFINITIONS.group, DEFINITIONS.version, DEFINITIONS.plural, async (event) => this.#tell(event));
  }

  /** Without its definition a kind's objects are gone, and so is what they routed: whoever looks for the reason should find it. */
  #tell({ type, meta: { name } }: ResourceEvent): void {
    if (type === ResourceEventType.Deleted && name.endsWith(`.${GROUP}`)) this.#log.warn("a definition was removed", { name });
  }

  async #established(path: string, applied: Definition): Promise<void> {
    const endMs = this.#clock.monotonicMs() + ESTABLISHED_MAX_MS;
    let definition = applied;
    while (!isEstablished(definition) && !this.#isStopped) {
      if (this.#clock.monotonicMs() > endMs) throw new Error(`${definition.metadata.name} is not served by the API server`);
      await this.#pause.wait(ESTABLISHED_POLL_MS);
      definition = await this.#persist<Definition>({ method: "GET", path });
    }
  }

  /** Asks until the server answers, and has nothing against the question in itself. */
  async #persist<T>(request: ApiRequest): Promise<T> {
    const backoff = new Backoff(RETRY_FIRST_MS, RETRY_MOST_MS);
    for (;;) {
      try {
        return await this.#api.request<T>(request);
      } catch (error) {
        const passes =
          error instanceof ApiUnreachable || (error instanceof ApiError && (error.status >= 500 || error.status === 429));
        if (!passes || this.#isStopped) throw error;
        this.#log.warn("a definition cannot be installed yet", { path: request.path, error });
        await this.#pause.wait(backoff.next());
      }
    }
  }
}

/** Turns the commits of a reflector into resource events. */
class EventSink implements ReflectorSink<ApiMetadata> {
  readonly #plural: string;
  readonly #apiVersion: string;
  readonly #onEvent: (event: ResourceEvent) => void;
  /** What was told last of each object, which is what there is to tell when it is gone. */
  readonly #told = new Map<string, ApiMetadata>();

  constructor(plural: string, apiVersion: string, onEvent: (event: ResourceEvent) => void) {
    this.#plural = plural;
    this.#apiVersion = apiVersion;
    this.#onEvent = onEvent;
  }

  prepare({ metadata: { name, namespace = "", uid = "", resourceVersion = "" } }: ApiObject): ApiMetadata {
    return { name, namespace, uid, resourceVersion };
  }

  commit(changed: readonly ApiMetadata[], gone: readonly string[]): void {
    for (const metadata of changed) {
      const key = `${metadata.namespace}/${metadata.name}`;
      this.#tell(this.#told.has(key) ? ResourceEventType.Modified : ResourceEventType.Added, metadata);
      this.#told.set(key, metadata);
    }
    for (const key of gone) {
      const metadata = this.#told.get(key);
      this.#told.delete(key);
      if (metadata !== undefined) this.#tell(ResourceEventType.Deleted, metadata);
    }
  }

  #tell(type: ResourceEventType, { name, namespace = "", uid = "", resourceVersion = "" }: ApiMetadata): void {
    const metadata = { name, namespace, uid, resourceVersion };
    const object: KubernetesObject = { apiVersion: this.#apiVersion, kind: this.#plural, metadata };
    this.#onEvent({ type, object, meta: ResourceMetaImpl.createWithPlural(this.#plural, object) });
  }
}

/** The definitions that Fairway ships, as files. */
export function definitionFiles(packageRoot = new URL("../../../../", import.meta.url)): readonly string[] {
  const folder = fileURLToPath(new URL("crds/", packageRoot));
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  return files
    .map((name) => join(folder, name))
    .filter((file) => /^kind: CustomResourceDefinition$/m.test(readFileSync(file, "utf8")));
}

function isEstablished({ status }: Definition): boolean {
  const isTrue = (type: string): boolean =>
    status?.conditions?.some((each) => each.type === type && each.status === "True") ?? false;
  return isTrue("Established") && isTrue("NamesAccepted");
}

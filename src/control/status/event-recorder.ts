import { hash } from "node:crypto";
import type { Clock } from "../../kernel/clock.ts";
import { type ObjectRef, objectKey } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { ApiError, type KubernetesApi } from "../api/api.ts";
import { cut } from "./conditions.ts";
import { EVENT_KINDS, STATUS_KINDS } from "./status-kinds.ts";
import { WriteQueue } from "./write-queue.ts";

/** Events that wait to be written; more are not told, and their problems stand in the status all the same. */
export const EVENTS_WAITING_MAX = 1_000;

/** Most events told of one object for one generation. */
export const EVENTS_PER_OBJECT_MAX = 8;

/** Names of events that are remembered as told. */
const TOLD_MAX = 20_000;

/** Events a second at most, on average. */
const EVENTS_PER_SECOND = 10;
const EVENT_BURST = 25;

/** Longest note, as the API allows. */
const NOTE_MAX = 1_024;

export interface EventRecorderOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly controllerName: string;
  /** Who writes, as in the Pod's name. */
  readonly instance: string;
  /** The uid of an object that is there: `kubectl describe` finds Events by it. */
  readonly uidOf: (object: ObjectRef) => string | undefined;
  readonly onFailed?: (object: ObjectRef, error: unknown) => void;
}

interface Tale {
  readonly name: string;
  readonly problem: Problem;
}

/**
 * Tells problems as Events (events.k8s.io/v1), each once per generation of its object: the name of an Event follows from what it says,
 * so that the API server itself refuses to hear it again from the next holder or after a restart, while it remembers (an hour).
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #queue: WriteQueue;
  /** What waits, by the name of its Event. */
  readonly #waiting = new Map<string, Tale>();
  /** Names of Events that have been told, the longest ago first. */
  readonly #told = new Set<string>();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#queue = new WriteQueue({
      clock: options.clock,
      perSecond: EVENTS_PER_SECOND,
      burst: EVENT_BURST,
      write: (name, signal) => this.#write(name, signal),
      onFailed: (name, error) => this.#failed(name, error),
    });
  }

  open(): void {
    this.#queue.open();
  }

  /** Forgets what waits. */
  close(): void {
    this.#queue.close();
    this.#waiting.clear();
  }

  /** Tells the errors and warnings among the problems of an object that have not been told of this generation. */
  tell(object: ObjectRef, generation: number, problems: readonly Problem[]): void {
    const worth = problems.filter(({ severity }) => severity !== "info").slice(0, EVENTS_PER_OBJECT_MAX);
    for (const problem of worth) {
      const name = this.#nameOf(object, generation, problem);
      if (this.#told.has(name) || this.#waiting.size >= EVENTS_WAITING_MAX) continue;
      this.#waiting.set(name, { name, problem });
      this.#queue.add(name, "fresh");
    }
  }

  /** An Event is named after its object, which has a name of at most 253 characters, as an Event has. */
  #nameOf(object: ObjectRef, generation: number, { code, field, message }: Problem): string {
    const said = [this.#options.controllerName, objectKey(object), generation, code, field, message].join("\n");
    return `${object.name.slice(0, 220).replace(/[^a-z0-9]+$/, "")}.${hash("sha256", said, "hex").slice(0, 24)}`;
  }

  async #write(name: string, signal: AbortSignal): Promise<boolean> {
    const tale = this.#waiting.get(name);
    if (tale === undefined) return false;
    const body = this.#eventOf(tale);
    try {
      await this.#options.api.request({ method: "POST", path: eventsPath(body.metadata.namespace), body, signal });
    } catch (error) {
      // 404: the namespace is gone; 409: it has been told already.
      if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 409)) throw error;
    }
    this.#noteTold(name);
    return true;
  }

  #eventOf({ name, problem }: Tale) {
    const { object, code, field, message, hint } = problem;
    const { apiVersion } = (STATUS_KINDS.get(object.kind) ?? EVENT_KINDS.get(object.kind)) as { readonly apiVersion: string };
    const uid = this.#options.uidOf(object);
    const text = [field === "" ? message : `${field}: ${message}`, hint].filter((part) => part !== "").join(" ");
    return {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name, namespace: object.namespace === "" ? "default" : object.namespace },
      eventTime: `${new Date(this.#options.clock.now()).toISOString().slice(0, -1)}000Z`,
      type: "Warning",
      reason: code,
      action: "Compile",
      note: cut(text, NOTE_MAX),
      regarding: { apiVersion, ...object, ...(uid === undefined ? {} : { uid }) },
      reportingController: this.#options.controllerName,
      reportingInstance: cut(this.#options.instance, 128),
    };
  }

  #noteTold(name: string): void {
    this.#waiting.delete(name);
    this.#told.add(name);
    for (const oldest of this.#told) {
      if (this.#told.size <= TOLD_MAX) break;
      this.#told.delete(oldest);
    }
  }

  /** What the API server refuses for good is not worth a queue of its own. */
  #failed(name: string, error: unknown): void {
    const tale = this.#waiting.get(name);
    if (tale !== undefined) this.#options.onFailed?.(tale.problem.object, error);
    if (!(error instanceof ApiError) || error.status >= 500 || error.status === 429) return;
    this.#noteTold(name);
    queueMicrotask(() => this.#queue.remove(name));
  }
}

function eventsPath(namespace: string): string {
  return `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
}

import type { KubeConfig } from "@kubernetes/client-node";
import type { Dispatcher } from "undici";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import {
  ApiError,
  type ApiRequest,
  ApiUnreachable,
  ConnectionDistrusted,
  type KubernetesApi,
  type WatchEvent,
  type WatchOptions,
} from "./api.ts";
import { errorOfAnswer } from "./api-answer.ts";
import { ApiConnection } from "./api-connection.ts";
import { ByteLines } from "./byte-lines.ts";
import { loadKubeConfig } from "./kube-config.ts";
import { OpenWatches } from "./open-watches.ts";

const REQUEST_TIMEOUT_MS = 30_000;
/** The longest answer that is read: a page of large objects. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;
/** The longest event of a watch: etcd takes objects of 1.5 MiB, and JSON may spell a byte with six characters. */
const EVENT_BYTES_MAX = 16 * 1024 * 1024;

const JSON_TYPE = "application/json";
const MERGE_PATCH_TYPE = "application/merge-patch+json";
const USER_AGENT = "fairway";

/** How to find the API server. */
export interface ApiClientOptions {
  /** A kubeconfig; without one the Pod's service account, or what KUBECONFIG or ~/.kube/config say. */
  readonly kubeconfig?: string | undefined;
  /** A context of it; without one its current context. */
  readonly context?: string | undefined;
  readonly clock?: Clock;
}

/**
 * The API server over HTTP/1.1, found and authenticated by client-node's KubeConfig.
 *
 * Its own watch is not used: it breaks off after 30 s. `close` breaks off everything under way.
 */
export class ApiClient implements KubernetesApi {
  readonly #connection: ApiConnection;
  readonly #watches: OpenWatches;
  /** The library's view of the kubeconfig, for what needs more of it: contexts, namespaces, names. */
  readonly kubeConfig: KubeConfig;

  private constructor(kubeConfig: KubeConfig, load: () => Promise<KubeConfig>, clock: Clock) {
    this.kubeConfig = kubeConfig;
    this.#connection = new ApiConnection(kubeConfig, load, clock);
    this.#watches = new OpenWatches(clock);
  }

  /** Reads the kubeconfig; connects at the first request. Rejects when there is no usable kubeconfig. */
  static async open({ kubeconfig, context, clock = systemClock }: ApiClientOptions = {}): Promise<ApiClient> {
    const load = (): Promise<KubeConfig> => loadKubeConfig(kubeconfig, context);
    return new ApiClient(await load(), load, clock);
  }

  async request<T>(request: ApiRequest): Promise<T> {
    const timeoutMs = request.timeoutMs ?? REQUEST_TIMEOUT_MS;
    // What is left until some instant is seldom a whole number, which is all that a timeout takes, and may be nothing.
    const deadline = AbortSignal.timeout(Math.max(0, Math.ceil(timeoutMs)));
    const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
    try {
      const answer = await this.#send("requests", request, signal);
      const text = await readText(answer.body, ANSWER_BYTES_MAX);
      this.#watches.noteAnswer();
      requireSuccess(answer, text);
      return text === "" ? (null as T) : parse<T>(text);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      if (request.signal?.aborted !== true) this.#noteUnreachable();
      throw unreachable(`${request.method} ${request.path}`, deadline.aborted ? `no answer in ${timeoutMs} ms` : error);
    }
  }

  async *watch(path: string, { query, accept, silenceMs, signal, onOpen }: WatchOptions): AsyncGenerator<WatchEvent, void> {
    const watch = this.#watches.open(silenceMs, signal);
    let isAnswered = false;
    try {
      const question = { method: "GET", path, query: { ...query, watch: true }, accept } as const;
      const answer = await this.#send("watches", question, watch.signal);
      isAnswered = true;
      watch.noteArrival();
      this.#watches.noteAnswer();
      if (!isSuccess(answer)) requireSuccess(answer, await readText(answer.body, EVENT_BYTES_MAX));
      onOpen?.();
      const lines = new ByteLines(EVENT_BYTES_MAX);
      for await (const chunk of answer.body) {
        watch.noteArrival();
        for (const line of lines.push(chunk as Uint8Array)) if (line !== "") yield parse<WatchEvent>(line);
      }
    } catch (error) {
      // What was broken off for what happened to others says nothing new about the server.
      if (error instanceof ApiError || error instanceof ConnectionDistrusted) throw error;
      if (!isAnswered && !signal.aborted) this.#noteUnreachable();
      throw unreachable(`watch of ${path}`, error);
    } finally {
      watch.close();
    }
  }

  /** Breaks off everything under way; the client is of no further use. */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  #noteUnreachable(): void {
    this.#watches.noteUnreachable();
    this.#connection.distrust();
  }

  /** Asks; once more with fresh credentials when the ones we have are refused. */
  async #send(kind: "requests" | "watches", question: Question, signal: AbortSignal): Promise<Answer> {
    const answer = await this.#sendOnce(kind, question, signal);
    if (answer.statusCode !== 401) return answer;
    await answer.body.dump();
    await this.#connection.renew();
    return await this.#sendOnce(kind, question, signal);
  }

  async #sendOnce(kind: "requests" | "watches", question: Question, signal: AbortSignal): Promise<Answer> {
    const { method, path, query, body, contentType, accept } = question;
    const { access, [kind]: dispatcher } = await this.#connection.route();
    return await dispatcher.request({
      origin: access.origin,
      path: access.pathPrefix + path + queryText(query),
      method,
      signal,
      body: body === undefined ? null : JSON.stringify(body),
      headers: {
        ...access.headers,
        accept: accept ?? JSON_TYPE,
        "user-agent": USER_AGENT,
        ...(body === undefined ? {} : { "content-type": contentType ?? (method === "PATCH" ? MERGE_PATCH_TYPE : JSON_TYPE) }),
      },
    });
  }
}

type Answer = Dispatcher.ResponseData;
type Question = Pick<ApiRequest, "method" | "path" | "query" | "body" | "contentType"> & { readonly accept?: string | undefined };

function queryText(query: ApiRequest["query"]): string {
  const pairs = Object.entries(query ?? {}).map(([name, value]) => [name, String(value)]);
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}

function isSuccess({ statusCode }: Answer): boolean {
  return statusCode >= 200 && statusCode < 300;
}

function requireSuccess(answer: Answer, body: string): void {
  if (isSuccess(answer)) return;
  const retryAfter = answer.headers["retry-after"];
  throw errorOfAnswer(answer.statusCode, Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, body);
}

async function readText(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new RangeError(`the answer is longer than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new ApiUnreachable("the answer is not JSON: not a Kubernetes API?", { cause });
  }
}

function unreachable(what: string, why: unknown): ApiUnreachable {
  const reason = why instanceof Error ? why.message || String((why as NodeJS.ErrnoException).code ?? why.name) : String(why);
  return new ApiUnreachable(`${what}: ${reason}`, { cause: why });
}

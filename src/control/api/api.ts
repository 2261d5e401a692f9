/** One request to the API server. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path on the API server, as in `/apis/networking.k8s.io/v1/ingresses`. Names in it are percent-encoded already. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Media type of the body; without it application/json, or for a PATCH application/merge-patch+json. */
  readonly contentType?: string;
  /** Media types of the answer in order of preference; application/json without it. */
  readonly accept?: string;
  /** The whole exchange is broken off after this time; 30 s without it. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** An event of a watch, or what stands in for one. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  /** The object; of an ERROR the Status. */
  readonly object: ApiObject;
}

/** An object as the API server gives it. */
export interface ApiObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ApiMetadata;
  readonly [member: string]: unknown;
}

/** What we read of an object's metadata. */
export interface ApiMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * The API server: everything that reads from or writes to it goes through this, so that tests can stand in for it.
 *
 * A request rejects with ApiError for an answer other than 2xx, and with ApiUnreachable when there was none.
 */
export interface KubernetesApi {
  /** The answer's body, parsed; null when it has none. */
  request<T = ApiObject>(request: ApiRequest): Promise<T>;
  /**
   * Opens a watch and yields its events as they come; ends when the server closes it. Rejects as `request`, and with ApiUnreachable when
   * nothing (not even a bookmark) came for `silenceMs`, or the connection broke.
   */
  watch(path: string, options: WatchOptions): AsyncIterable<WatchEvent>;
}

/** How to watch. */
export interface WatchOptions {
  /** Everything beside `watch=true`: resourceVersion, allowWatchBookmarks, timeoutSeconds, selectors … */
  readonly query: Readonly<Record<string, string | number | boolean>>;
  readonly accept?: string;
  /** A connection on which nothing arrives for this long is taken for dead. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  /** Called when the server has begun to answer: from then on the watch stands. */
  readonly onOpen?: () => void;
}

/** The API server refused: the status it answered, its `reason` (as in `NotFound`, `Expired`, `Conflict`) and its message. */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;
  /** What the server asks us to wait, from Retry-After; null when it does not say. */
  readonly retryAfterMs: number | null;

  constructor(status: number, reason: string, message: string, retryAfterMs: number | null = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer: refused, broken off, timed out, or not a Kubernetes API. */
export class ApiUnreachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ApiUnreachable";
  }
}

/**
 * A watch was broken off because its connection may have died while the server could not be reached: nothing is wrong that a new
 * connection does not mend.
 */
export class ConnectionDistrusted extends ApiUnreachable {
  constructor() {
    super("the server could not be reached meanwhile");
    this.name = "ConnectionDistrusted";
  }
}

/** Whose fault a failed request is. */
export type FailureSource = "client" | "upstream" | "proxy" | "config";

/**
 * Whether the request may be tried again on another connection.
 * `never`; `ifReused`: only when the connection came from the pool and nothing of a response was seen (it may have been stale) and
 * the request is idempotent with a replayable body; `always`: nothing was sent.
 */
export type FailureRetry = "never" | "ifReused" | "always";

/** Something wrong with one request. Preallocated, no stack: see `FAILURES`. */
export interface Failure {
  readonly code: FailureCode;
  readonly source: FailureSource;
  readonly retry: FailureRetry;
}

interface FailureEntry {
  readonly source: FailureSource;
  readonly retry: FailureRetry;
  readonly meaning: string;
}

/** Every way a request can fail, with one sentence each. What status a client sees is settled in `proxy/pipeline/reply.ts` alone. */
const TABLE = {
  MalformedHead: { source: "client", retry: "never", meaning: "The request head breaks RFC 9112." },
  AmbiguousLength: {
    source: "client",
    retry: "never",
    meaning: "Content-Length and Transfer-Encoding disagree or repeat: the classic smuggling pair.",
  },
  UnknownTransferCoding: {
    source: "client",
    retry: "never",
    meaning: "Transfer-Encoding names something other than a final chunked.",
  },
  MalformedBody: { source: "client", retry: "never", meaning: "A chunk of the request body is malformed." },
  BodyTooLarge: { source: "client", retry: "never", meaning: "The request body is longer than the limit." },
  UnderscoredField: {
    source: "client",
    retry: "never",
    meaning: "The name of a header field holds an underscore, which the entry point refuses.",
  },
  HeadTooLarge: { source: "client", retry: "never", meaning: "The request head is larger than the limit." },
  TooManyHeaders: { source: "client", retry: "never", meaning: "The request has more header fields than the limit." },
  TargetTooLong: { source: "client", retry: "never", meaning: "The request target is longer than the limit." },
  UnsupportedVersion: { source: "client", retry: "never", meaning: "The HTTP version is not 1.0 or 1.1." },
  MethodNotImplemented: { source: "client", retry: "never", meaning: "CONNECT is not offered." },
  BadHost: { source: "client", retry: "never", meaning: "Host is missing, repeated or not a valid authority." },
  BadPath: { source: "client", retry: "never", meaning: "The path cannot be brought to one safe canonical form." },
  UnsupportedExpectation: { source: "client", retry: "never", meaning: "Expect names something other than 100-continue." },
  HeadTimeout: { source: "client", retry: "never", meaning: "The request head did not arrive in time." },
  BodyTimeout: { source: "client", retry: "never", meaning: "The request body stalled." },
  ClientGone: { source: "client", retry: "never", meaning: "The client closed the connection before the response was complete." },
  MisdirectedRequest: { source: "client", retry: "never", meaning: "The host needs another TLS policy than its connection has." },
  NoRoute: { source: "config", retry: "never", meaning: "No router matches." },
  Tombstone: { source: "config", retry: "never", meaning: "The router that matches cannot be built." },
  NoServer: { source: "upstream", retry: "never", meaning: "The service has no server." },
  Isolated: {
    source: "proxy",
    retry: "never",
    meaning:
      "No operator has been heard for long and the service has no ClusterIP: its servers' addresses may be others' by now.",
  },
  ConnectRefused: { source: "upstream", retry: "always", meaning: "The server refused the connection or could not be reached." },
  ServerUntrusted: {
    source: "upstream",
    retry: "always",
    meaning: "No TLS connection to the server could be agreed on, or its certificate is not what it should be; nothing was sent.",
  },
  ConnectTimeout: { source: "upstream", retry: "always", meaning: "The connection to the server was not made in time." },
  NameNotResolved: { source: "upstream", retry: "always", meaning: "The server's name has no address." },
  UpstreamClosed: { source: "upstream", retry: "ifReused", meaning: "The server closed the connection before a response began." },
  UpstreamTimeout: { source: "upstream", retry: "never", meaning: "The server did not begin a response in time." },
  UpstreamMalformed: { source: "upstream", retry: "never", meaning: "The server's response breaks RFC 9112." },
  UpstreamAborted: { source: "upstream", retry: "never", meaning: "The server's response ended before it was complete." },
  UpgradeRefused: { source: "client", retry: "never", meaning: "Only websocket upgrades are passed on." },
  TooManyEdits: {
    source: "config",
    retry: "never",
    meaning: "Middlewares change more header fields of a message than the limit.",
  },
  TooManyPending: { source: "proxy", retry: "never", meaning: "Too many requests wait for a connection to the service." },
  TooManyUpgrades: {
    source: "proxy",
    retry: "never",
    meaning: "The entry point has as many upgraded connections (WebSocket) as it may.",
  },
  ShuttingDown: { source: "proxy", retry: "never", meaning: "The proxy is draining, or the entry point is gone." },
} as const satisfies Record<string, FailureEntry>;

export type FailureCode = keyof typeof TABLE;

export const FAILURE_MEANINGS: Readonly<Record<FailureCode, FailureEntry>> = TABLE;

/** The one instance of each failure, so that failing allocates nothing. */
export const FAILURES: Readonly<Record<FailureCode, Failure>> = Object.freeze(
  Object.fromEntries(
    Object.entries(TABLE).map(([code, { source, retry }]) => [code, Object.freeze({ code, source, retry })]),
  ) as Record<FailureCode, Failure>,
);

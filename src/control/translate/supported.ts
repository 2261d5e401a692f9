import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";

/** Whether a value of a field is honoured. */
type Honoured = (value: unknown) => boolean;

/**
 * Every field the schema knows, by name: honoured with every value, with some, with none, or as far as a table of its own says. What
 * the schema does not know is not here (its check tells it, and it has no effect); a test holds the tables to the schema.
 */
export interface FieldTable {
  readonly [field: string]: Honoured | FieldTable;
}

const anything: Honoured = () => true;
const unsupported: Honoured = () => false;
/** A number that is at most this, which is what the proxy can hold; 0 is another way to say that there is no bound. */
const upTo =
  (most: number): Honoured =>
  (value) =>
    typeof value === "number" && value <= most;
const only =
  (...values: readonly unknown[]): Honoured =>
  (value) =>
    values.includes(value);

/** `tls.store`: there is but the one for everybody. */
const defaultStore: Honoured = (value) => {
  const { name, namespace } = value as { readonly name?: unknown; readonly namespace?: unknown };
  return name === "default" && !namespace;
};

/** `spec` of an IngressRoute; each of `routes` is judged by `ROUTE_FIELDS`. */
export const INGRESS_ROUTE_FIELDS: FieldTable = {
  ingressClassName: anything,
  entryPoints: anything,
  routes: anything,
  tls: {
    secretName: anything,
    options: anything,
    store: defaultStore,
    certResolver: unsupported,
    domains: unsupported,
  },
  parentRefs: anything,
};

/** One of `spec.routes`; each of `services` is judged by `SERVICE_FIELDS`. */
export const ROUTE_FIELDS: FieldTable = {
  match: anything,
  kind: only("Rule"),
  syntax: only("v3"),
  priority: anything,
  middlewares: anything,
  services: anything,
  observability: {
    accessLogs: unsupported,
    metrics: unsupported,
    tracing: unsupported,
    traceVerbosity: unsupported,
  },
};

/** One of a route's `services`. Bodies are streamed as they come, so every `responseForwarding.flushInterval` is kept. */
export const SERVICE_FIELDS: FieldTable = {
  name: anything,
  namespace: anything,
  kind: only("Service"),
  port: anything,
  weight: anything,
  scheme: only("http", "https", "h2c"),
  strategy: only("wrr", "RoundRobin"),
  passHostHeader: anything,
  responseForwarding: { flushInterval: anything },
  serversTransport: anything,
  nativeLB: only(false),
  nodePortLB: only(false),
  sticky: { cookie: unsupported },
  healthCheck: unsupported,
  passiveHealthCheck: unsupported,
  middlewares: unsupported,
};

/**
 * `spec` of a ServersTransport. Servers are spoken to over TLS in HTTP/1.1 alone, so that there is nothing to be switched off, nor to be
 * pinged.
 */
export const SERVERS_TRANSPORT_FIELDS: FieldTable = {
  serverName: anything,
  insecureSkipVerify: anything,
  rootCAs: anything,
  rootCAsSecrets: anything,
  certificatesSecrets: anything,
  cipherSuites: anything,
  minVersion: anything,
  maxVersion: anything,
  maxIdleConnsPerHost: upTo(1024),
  forwardingTimeouts: {
    dialTimeout: anything,
    responseHeaderTimeout: only(0, "0", "0s"),
    idleConnTimeout: anything,
    readIdleTimeout: anything,
    pingTimeout: anything,
  },
  disableHTTP2: anything,
  peerCertURI: anything,
  peerCertSANs: anything,
  spiffe: unsupported,
};

/** `spec` of a TLSStore. */
export const TLS_STORE_FIELDS: FieldTable = {
  defaultCertificate: anything,
  defaultGeneratedCert: unsupported,
  certificates: anything,
};

/** `spec` of a FairwayClass; each of `entryPoints` is judged by `ENTRY_POINT_FIELDS`. */
export const FAIRWAY_CLASS_FIELDS: FieldTable = {
  entryPoints: anything,
  publish: anything,
  proxies: anything,
  drain: { delay: anything, quietPeriod: anything, timeout: anything, sessionTimeout: anything },
  services: { allowExternalName: anything, nativeLB: only(false) },
  isolation: anything,
};

/**
 * One of `spec.entryPoints` of a FairwayClass. What bounds something that does not exist yet (HTTP/2 streams, TCP and UDP sessions) is
 * kept by there being none.
 */
export const ENTRY_POINT_FIELDS: FieldTable = {
  name: anything,
  address: anything,
  protocol: only("TCP"),
  asDefault: anything,
  tls: { options: unsupported, certResolver: unsupported, domains: unsupported },
  forwardedHeaders: { trustedIPs: anything, insecure: anything, connection: anything, notAppendXForwardedFor: anything },
  proxyProtocol: anything,
  limits: {
    connections: anything,
    connectionsPerAddress: anything,
    requestsPerConnection: anything,
    requestTargetBytes: upTo(16_384),
    requestHeadBytes: upTo(65_536),
    requestHeaders: upTo(100),
    requestBodyBytes: anything,
    bufferedBodyBytes: upTo(65_536),
    streamsPerConnection: anything,
    upgradedConnections: anything,
  },
  timeouts: {
    tlsHandshake: anything,
    requestHead: anything,
    requestBodyIdle: anything,
    responseIdle: anything,
    keepAlive: anything,
    connectionAge: anything,
    upgradeIdle: anything,
    tcpIdle: anything,
    udpIdle: anything,
  },
  path: { mergeSlashes: anything, encodedCharacters: anything, encodeQuerySemicolons: only(false) },
  headers: anything,
  http2: only(false),
  middlewares: anything,
  redirect: anything,
  observability: { accessLogs: unsupported, metrics: unsupported, tracing: unsupported, traceVerbosity: unsupported },
};

/** A `NotSupported` problem for every field that is set to what is not honoured. `null`, "" and empty lists count as not set. */
export function unsupportedFields(
  value: unknown,
  table: FieldTable,
  object: ObjectRef,
  path: string,
  consequence = "the route answers 503",
): readonly Problem[] {
  if (value === null || typeof value !== "object") return NONE;
  const problems: Problem[] = [];
  // Asked of every part of every object: what is fine costs no allocation.
  for (const field of Object.keys(value)) {
    const entry = Object.hasOwn(table, field) ? table[field] : undefined;
    if (entry === undefined || entry === anything) continue;
    const member = (value as Readonly<Record<string, unknown>>)[field];
    if (isUnset(member)) continue;
    if (typeof entry === "object") problems.push(...unsupportedFields(member, entry, object, `${path}.${field}`, consequence));
    else if (!entry(member)) problems.push(refusal(member, entry === unsupported, object, `${path}.${field}`, consequence));
  }
  return problems;
}

function refusal(member: unknown, isWhatever: boolean, object: ObjectRef, at: string, consequence: string): Problem {
  const option = at.replace(/^.*\]\.|^spec\./, "");
  const what = isWhatever ? `"${option}" is` : `"${option}" with the value ${JSON.stringify(member)} is`;
  return notSupported(object, at, `${what} not supported yet; ${consequence}.`);
}

const NONE: readonly never[] = [];

/** The problem of an option that is known and cannot be honoured yet. */
export function notSupported(object: ObjectRef, field: string, message: string, hint = ""): Problem {
  return problem("NotSupported", object, field, message, hint);
}

function isUnset(value: unknown): boolean {
  return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

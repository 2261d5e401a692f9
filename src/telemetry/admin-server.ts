import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isLoopback } from "../channel/loopback.ts";
import { listen } from "../kernel/listen.ts";

/** What a path of the admin port answers with. */
export interface AdminPage {
  readonly status: number;
  readonly type: string;
  /** Text, or the parts of one that is too long to be held at once: these are made as they are taken. */
  readonly body: string | AsyncIterable<string>;
}

/** A path of the admin port. */
export interface AdminRoute {
  /**
   * Who may ask: everybody who reaches the port (probes, metrics), or only this machine itself (in a Pod: `kubectl port-forward`, which
   * takes a right that the cluster's administrator gives). What shows configuration is of the second kind.
   */
  readonly audience: "everybody" | "thisMachine";
  /** `POST` is for what does something; absent, it is there to be read. */
  readonly method?: "POST";
  readonly page: (query: URLSearchParams) => AdminPage | Promise<AdminPage>;
}

/** The paths of an admin port; a path is its key, as in `/metrics`. */
export type AdminRoutes = Readonly<Record<string, AdminRoute>>;

/** What probes ask of a process. */
export interface ProbedProcess {
  /** Why the process should be restarted; null when it is well. */
  sickness(): string | null;
  /** Why it should not be counted on now; empty when it may. */
  unreadiness(): readonly string[];
}

const TEXT = "text/plain; charset=utf-8";

/** Most connections at once, those of probes included. */
const CONNECTIONS_MAX = 100;

/** A client that takes nothing of a long page for this long is let go. */
const STALLED_MS = 30_000;

/** `/healthz`, `/readyz` and `/metrics`: what every process of ours has. */
export function commonRoutes(process: ProbedProcess, metrics: () => string): AdminRoutes {
  const probe = (reasons: () => readonly string[]): AdminRoute => ({ audience: "everybody", page: () => probed(reasons()) });
  return {
    "/healthz": probe(() => [process.sickness() ?? []].flat()),
    "/readyz": probe(() => process.unreadiness()),
    "/metrics": {
      audience: "everybody",
      page: () => ({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: metrics() }),
    },
  };
}

/** The port for probes, metrics and people. It lives in the main thread, so that it answers however busy the others are. */
export class AdminServer {
  readonly #server: Server;

  constructor(routes: AdminRoutes) {
    this.#server = createServer({ requestTimeout: 10_000, keepAliveTimeout: 60_000 }, (request, response) => {
      void answer(routes, request, response);
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** Opens the port; answers the address. `host` "" is all addresses. Rejects with ListenFailed. */
  listen(host: string, port: number): Promise<AddressInfo> {
    return listen(this.#server, "admin port", host, port);
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

async function answer(routes: AdminRoutes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = "", query] = (request.url ?? "").split("?", 2);
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  const { status, type, body } = await choose(routes, route, query, request);
  response.setHeader("content-type", type);
  response.setHeader("cache-control", "no-store");
  if (status === 405) response.setHeader("allow", route?.method ?? "GET, HEAD");
  response.statusCode = status;
  if (typeof body === "string") response.setHeader("content-length", Buffer.byteLength(body));
  if (request.method === "HEAD") return void response.end();
  if (typeof body === "string") return void response.end(body);
  response.setTimeout(STALLED_MS, () => response.destroy());
  // A page that breaks off is seen by who reads it: the last chunk is missing.
  await pipeline(Readable.from(body, { objectMode: true, highWaterMark: 1 }), response).catch(() => response.destroy());
}

async function choose(
  routes: AdminRoutes,
  route: AdminRoute | undefined,
  query: string | undefined,
  request: IncomingMessage,
): Promise<AdminPage> {
  if (route === undefined) return text(404, `try ${Object.keys(routes).join(", ")}`);
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (route.method === undefined ? !isRead : request.method !== route.method) return text(405, `only ${route.method ?? "GET"}`);
  if (route.audience === "thisMachine" && !isFromHere(request)) {
    return text(403, "only from this machine itself: in a cluster, through kubectl port-forward");
  }
  try {
    return await route.page(new URLSearchParams(query));
  } catch (error) {
    return text(503, error instanceof Error ? error.message : String(error));
  }
}

/**
 * Whether a request comes from this machine, and not by way of a browser that was led here by a name of somebody else's (DNS
 * rebinding): then the name stands in Host.
 */
function isFromHere({ socket, headers }: IncomingMessage): boolean {
  const peer = socket.remoteAddress ?? "";
  const host = (headers.host ?? "").replace(/:\d+$/, "");
  return isLoopback(peer.replace(/^::ffff:/, "")) && isLoopback(host);
}

function probed(reasons: readonly string[]): AdminPage {
  return reasons.length === 0 ? text(200, "ok") : text(503, reasons.join("\n"));
}

function text(status: number, line: string): AdminPage {
  return { status, type: TEXT, body: `${line}\n` };
}

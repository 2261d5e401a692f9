import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ListenFailed, listenProblem } from "../../kernel/listen-problem.ts";
import { address } from "./entry-points.ts";

/** What the admin port shows. */
export interface AdminSource {
  /** Why the process should be restarted; null when it is well. */
  sickness(): string | null;
  /** Why no traffic should be sent here; empty when it may. */
  unreadiness(): readonly string[];
  metrics(): string;
  /** What is live, redacted JSON. */
  describe(): Promise<string>;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const TEXT = "text/plain; charset=utf-8";

const PAGES: Readonly<Record<string, (source: AdminSource) => Page | Promise<Page>>> = {
  "/healthz": (source) => probe(source.sickness() === null ? [] : [source.sickness() ?? ""]),
  "/readyz": (source) => probe(source.unreadiness()),
  "/metrics": (source) => ({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: source.metrics() }),
  "/api/snapshot": async (source) => ({ status: 200, type: "application/json", body: await source.describe() }),
};

/** The port for probes, metrics and people. It lives in the main thread, so that it answers however busy the workers are. */
export class AdminServer {
  readonly #server: Server;

  constructor(source: AdminSource) {
    this.#server = createServer({ requestTimeout: 10_000, keepAliveTimeout: 60_000 }, (request, response) => {
      void answer(source, request.method ?? "", request.url ?? "", response);
    });
    this.#server.maxConnections = 100;
  }

  /** Opens the port; answers the address. Rejects with ListenFailed. */
  async listen(host: string, port: number): Promise<AddressInfo> {
    this.#server.listen({ ...(host === "" ? {} : { host }), port });
    try {
      await once(this.#server, "listening");
    } catch (cause) {
      throw new ListenFailed(`admin port: ${address({ host, port })} ${listenProblem(cause)}`, { cause });
    }
    return this.#server.address() as AddressInfo;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

async function answer(source: AdminSource, method: string, url: string, response: ServerResponse): Promise<void> {
  const page = await choose(source, method, url.split("?", 1)[0] ?? "");
  const headers = { "content-type": page.type, "content-length": Buffer.byteLength(page.body), "cache-control": "no-store" };
  response.writeHead(page.status, page.status === 405 ? { ...headers, allow: "GET, HEAD" } : headers);
  response.end(method === "HEAD" ? "" : page.body);
}

async function choose(source: AdminSource, method: string, path: string): Promise<Page> {
  const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
  if (!page) return { status: 404, type: TEXT, body: `try ${Object.keys(PAGES).join(", ")}\n` };
  if (method !== "GET" && method !== "HEAD") return { status: 405, type: TEXT, body: "only GET\n" };
  try {
    return await page(source);
  } catch (error) {
    return { status: 503, type: TEXT, body: `${error instanceof Error ? error.message : error}\n` };
  }
}

function probe(reasons: readonly string[]): Page {
  return reasons.length === 0
    ? { status: 200, type: TEXT, body: "ok\n" }
    : { status: 503, type: TEXT, body: `${reasons.join("\n")}\n` };
}

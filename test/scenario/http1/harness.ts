import { createServer, type Server as NetServer, type Socket } from "node:net";
import { matchers } from "../../../src/extensions/matchers/registry.gen.ts";
import type { AnyMiddlewareModule } from "../../../src/extensions/middlewares/contract.ts";
import { systemClock } from "../../../src/kernel/clock.ts";
import { encodeResource, SetHash } from "../../../src/model/encode.ts";
import type { EntryPoint } from "../../../src/model/entry-point.ts";
import { type ResourceId, resourceId } from "../../../src/model/ids.ts";
import type { Middleware } from "../../../src/model/middleware.ts";
import type { Resource } from "../../../src/model/resource.ts";
import type { Router } from "../../../src/model/router.ts";
import type { Rule } from "../../../src/model/rule.ts";
import type { LoadBalancer, Server } from "../../../src/model/service.ts";
import { Builder } from "../../../src/proxy/build/builder.ts";
import { TIMEOUTS, type Timeouts } from "../../../src/proxy/http1/limits.ts";
import { poisonReads, type ReadMode } from "../../../src/proxy/listen/byte-socket.ts";
import { newTally } from "../../../src/proxy/listen/shared-tally.ts";
import type { FromWorker, GenerationUpdate, ToWorker } from "../../../src/proxy/messages.ts";
import { makeDefaultCertificate } from "../../../src/proxy/supervisor/default-certificate.ts";
import { type OverloadMarks, overloadMarks } from "../../../src/proxy/worker/overload.ts";
import { TrafficWorker } from "../../../src/proxy/worker/traffic-worker.ts";
import type { AccessLogOptions } from "../../../src/telemetry/access-log.ts";
import { COUNTER, type CounterName, CounterRow, newCounterRow } from "../../../src/telemetry/worker-counters.ts";

const DEFAULT_CERTIFICATE = await makeDefaultCertificate(systemClock.now());

/** A worker in this thread, on resources given directly: no supervisor, no operator. Borrowed buffers are poisoned. */
export class TestProxy {
  readonly messages: FromWorker[] = [];
  readonly worker: TrafficWorker;
  readonly #builder: Builder;
  readonly #counters: CounterRow;
  readonly #live = new Map<ResourceId, Resource>();
  #closed: () => void = () => {};

  private constructor(options: ProxyOptions) {
    const middlewares = new Map(Object.entries(options.middlewares ?? {}));
    const counters = newCounterRow();
    this.#counters = new CounterRow(counters);
    this.#builder = new Builder({ matchers, middlewares });
    this.worker = new TrafficWorker({
      start: {
        slot: options.slot ?? 0,
        generation: options.generation ?? null,
        defaultCertificate: DEFAULT_CERTIFICATE,
        ticketKeys: Buffer.alloc(48, 7),
        names: [],
        counters,
        tally: options.tally ?? newTally(1),
        overloadMarks: { ...overloadMarks(2 ** 30), ...options.overloadMarks },
        ...(options.accessLog === undefined ? {} : { accessLog: options.accessLog }),
      },
      clock: systemClock,
      timeouts: { ...TIMEOUTS, ...options.timeouts },
      sweepMs: options.sweepMs ?? 50,
      readMode: options.readMode ?? "shared",
      matchers,
      middlewares,
      send: (message) => this.messages.push(message),
      onClosed: () => this.#closed(),
    });
  }

  static async start(options: ProxyOptions, resources: readonly Resource[]): Promise<TestProxy> {
    poisonReads(true);
    const proxy = new TestProxy(options);
    proxy.worker.start();
    if (options.generation === undefined) await proxy.apply(resources);
    return proxy;
  }

  /** Builds a change and makes it live, as the supervisor would. */
  async apply(upserts: readonly Resource[], removals: readonly ResourceId[] = []): Promise<void> {
    const update = this.build(upserts, removals);
    await this.take({ type: "prepare", update, alone: false });
    await this.take({ type: "switch", sequence: update.sequence });
    this.#builder.settle(update.sequence);
  }

  build(upserts: readonly Resource[], removals: readonly ResourceId[] = []): GenerationUpdate {
    for (const id of removals) this.#live.delete(id);
    for (const resource of upserts) this.#live.set(resource.id, resource);
    const version = new SetHash();
    for (const resource of this.#live.values()) version.add(encodeResource(resource).hash);
    const built = this.#builder.apply({ version: version.hex(), reset: false, upserts: upserts.map(encodeResource), removals });
    if (!built.ok) throw new Error(built.error);
    if (built.value.refused.length > 0) throw new Error(JSON.stringify(built.value.refused));
    return built.value.update;
  }

  take(message: ToWorker): Promise<void> {
    return this.worker.take(message);
  }

  port(entryPointName = "web"): number {
    return this.worker.entryPoints.listener(entryPointName)?.port ?? 0;
  }

  count(name: CounterName): number {
    return this.#counters.read(COUNTER[name]);
  }

  /** Lines of the access log that the worker has handed on. */
  accessLines(): readonly string[] {
    const text = ({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>) => Buffer.from(buffer, byteOffset, length).toString();
    return this.messages.flatMap((message) => (message.type === "accessLog" ? text(message.lines).split("\n").slice(0, -1) : []));
  }

  /** Counts `n` more than there were. */
  pretend(name: CounterName, n: number): void {
    this.#counters.add(COUNTER[name], n);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    await this.take({ type: "close", deadlineMs: 0 });
    await closed;
  }
}

export interface ProxyOptions {
  /** What the worker is started with. */
  readonly generation?: GenerationUpdate;
  readonly timeouts?: Partial<Timeouts>;
  readonly accessLog?: AccessLogOptions;
  readonly sweepMs?: number;
  /** What the worker shares with others, and which of them it is. */
  readonly tally?: SharedArrayBuffer;
  readonly slot?: number;
  readonly overloadMarks?: Partial<OverloadMarks>;
  readonly readMode?: ReadMode;
  readonly middlewares?: Readonly<Record<string, AnyMiddlewareModule>>;
}

// --- resources ---

export function entryPoint(name: string, rest: Partial<EntryPoint> = {}): EntryPoint {
  const id = resourceId("entryPoint", { kind: "FairwayClass", namespace: "", name: "test" }, name);
  return { id, name, host: "127.0.0.1", port: 0, tls: false, trustedProxies: [], ...rest };
}

/** A router, its service and its endpoints, all named `name`. */
export function route(name: string, rule: Rule, servers: readonly Server[], rest: RouteRest = {}): Resource[] {
  const origin = { kind: "Service", namespace: "test", name };
  const endpoints = resourceId("endpoints", origin, "80");
  const service = resourceId("service", origin, "80");
  const passHostHeader = rest.passHostHeader ?? true;
  return [
    router(name, rule, { service, ...rest.router }),
    { type: "loadBalancer", id: service, origin, endpoints, scheme: rest.scheme ?? "http", passHostHeader, clusterIP: null },
    { id: endpoints, origin, servers },
  ];
}

export interface RouteRest {
  readonly scheme?: LoadBalancer["scheme"];
  readonly passHostHeader?: boolean;
  readonly router?: Partial<Router>;
}

export function router(name: string, rule: Rule, rest: Partial<Router> = {}): Router {
  const origin = { kind: "IngressRoute", namespace: "test", name };
  const rank = { priority: 0, host: 0, path: 0, pathLength: 0, predicates: 0, createdAtMs: 0, object: `test/${name}`, index: 0 };
  return {
    id: resourceId("router", origin),
    origin,
    entryPoints: ["web"],
    rule,
    ruleText: "",
    rank,
    middlewares: [],
    service: null,
    tombstone: null,
    ...rest,
  };
}

export function middleware(name: string, kind: string, config: unknown): Middleware {
  const origin = { kind: "Middleware", namespace: "test", name };
  return { id: resourceId("middleware", origin), origin, kind, config };
}

export function match(matcher: string, ...args: string[]): Rule {
  return { op: "match", matcher, args };
}

/** Everything: the rule of most tests. */
export const ANY: Rule = match("PathPrefix", "/");

// --- upstreams ---

/** A server that does what a script says with each connection, and remembers what it got. */
export class Upstream {
  readonly connections: Socket[] = [];
  /** Everything received, per connection, as Latin-1 text. */
  readonly received: string[] = [];
  readonly #server: NetServer;

  private constructor(server: NetServer) {
    this.#server = server;
  }

  /** `onData` is called for each piece of data, with all that the connection has received so far. */
  static async start(onData: (socket: Socket, received: string, connection: number) => void): Promise<Upstream> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const upstream = new Upstream(server);
    server.on("connection", (socket) => {
      const index = upstream.connections.push(socket) - 1;
      upstream.received[index] = "";
      socket.on("error", () => {});
      socket.on("data", (data) => {
        upstream.received[index] += data.toString("latin1");
        onData(socket, upstream.received[index] as string, index);
      });
      socket.on("end", () => socket.end());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return upstream;
  }

  /** Answers every complete request head (without body) with the same bytes. */
  static answering(response: string | Buffer): Promise<Upstream> {
    const answered = new Map<number, number>();
    return Upstream.start((socket, received, connection) => {
      const heads = received.split("\r\n\r\n").length - 1;
      for (let i = answered.get(connection) ?? 0; i < heads; i++) socket.write(response);
      answered.set(connection, heads);
    });
  }

  get server(): Server {
    return { address: "127.0.0.1", port: this.port };
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === "object" ? address.port : 0;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.connections) socket.destroy();
  }
}

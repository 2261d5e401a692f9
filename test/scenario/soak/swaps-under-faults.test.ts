import type { Socket } from "node:net";
import { expect, test } from "vitest";
import type { ResourceId } from "../../../src/model/ids.ts";
import type { Server } from "../../../src/model/service.ts";
import { seededRandom } from "../changes/change-script.ts";
import { freePorts } from "../entry-points/class-proxy.ts";
import { ANY, entryPoint, route, router, TestProxy, Upstream } from "../http1/harness.ts";
import { RawClient } from "../http1/raw-client.ts";
import { afterTest, eventually } from "../http1/set-up.ts";

/** Short, but no server that answers is as late, however busy the machine. */
const SHORT_MS = 2_000;
const TIMEOUTS = {
  headMs: SHORT_MS,
  keepAliveMs: SHORT_MS,
  firstByteMs: SHORT_MS,
  requestIdleMs: SHORT_MS,
  responseIdleMs: SHORT_MS,
  lingerMs: SHORT_MS,
  connectMs: SHORT_MS,
  tunnelIdleMs: SHORT_MS,
  poolIdleMs: SHORT_MS,
};
const CLIENTS = 24;
/** Of each: the stages in turn, and in between what has to be answered. */
const TURNS = 16;

/** What a server does with a request that asks for it in its path; `id` is the request's. */
const STAGES: Readonly<Record<string, (socket: Socket, id: string) => unknown>> = {
  whole: (socket, id) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${id.length}\r\n\r\n${id}`),
  slowly: async (socket, id) => {
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (const letter of id) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      socket.write(`1\r\n${letter}\r\n`);
    }
    socket.write("0\r\n\r\n");
  },
  once: (socket, id) => socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${id}`),
  hang: () => {},
  close: (socket) => socket.end(),
  reset: (socket) => socket.resetAndDestroy(),
  "half-head": (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Le"),
  "half-body": (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", () => socket.resetAndDestroy()),
  "half-chunk": (socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
  hint: (socket) => socket.write("HTTP/1.1 103 Early Hints\r\n\r\n", () => socket.destroy()),
  garbage: (socket) => socket.write("no HTTP at all\r\n\r\n"),
  early: (socket, id) =>
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${id.length}\r\n\r\n${id}`, () => socket.resetAndDestroy()),
  switch: (socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello");
    setTimeout(() => socket.resetAndDestroy(), 30);
  },
};
/** Those whose answer the client gets, whatever the configuration becomes meanwhile. */
const GOOD = ["whole", "slowly", "once"];

const HEAD = /^[A-Z]+ \/([a-z-]+)\/(\S+) HTTP\/1\.1\r\n/;

/** A server that does what it is asked for, as soon as a head is whole; `onRequest` is called before. */
function server(onRequest: () => void): Promise<Upstream> {
  const taken = new Map<Socket, number>();
  return Upstream.start((socket, received) => {
    const from = taken.get(socket) ?? 0;
    const [, stage = "", id = ""] = HEAD.exec(received.slice(from)) ?? [];
    if (stage === "" || received.indexOf("\r\n\r\n", from) < 0) return;
    taken.set(socket, received.length);
    onRequest();
    STAGES[stage]?.(socket, id);
  });
}

/** Everything goes to one of two services, whose endpoints and whose turn change; what is not used leaves. */
class Swaps {
  readonly #proxy: TestProxy;
  readonly #servers: readonly Server[];
  readonly #dead: Server;
  readonly #random: () => number;
  #line: Promise<void> = Promise.resolve();
  #live = "one";
  count = 0;

  constructor(proxy: TestProxy, servers: readonly Server[], dead: Server, random: () => number) {
    this.#proxy = proxy;
    this.#servers = servers;
    this.#dead = dead;
    this.#random = random;
  }

  next(): void {
    this.#line = this.#line.then(() => this.#swap());
  }

  settled(): Promise<void> {
    return this.#line;
  }

  async #swap(): Promise<void> {
    this.count++;
    const some = this.#servers.filter(() => this.#random() < 0.5);
    const servers = [...(this.#random() < 0.3 ? [this.#dead] : []), ...(some.length > 0 ? some : this.#servers)];
    const former = this.#live;
    if (this.#random() < 0.5) this.#live = former === "one" ? "two" : "one";
    const [, service, endpoints] = route(this.#live, ANY, servers) as [
      unknown,
      { readonly id: ResourceId<"service"> },
      { readonly id: ResourceId },
    ];
    const gone =
      former === this.#live
        ? []
        : route(former, ANY, [])
            .slice(1)
            .map(({ id }) => id);
    const rest = { service: service.id, ruleText: `swap ${this.count}` };
    await this.#proxy.apply([router("app", ANY, rest), service as never, endpoints as never], gone);
  }
}

test("servers that die at every stage while everything about their route changes cost nobody else's request, and nothing is left", async () => {
  const random = seededRandom(11);
  let swaps: Swaps | null = null;
  const upstreams = await Promise.all(Array.from({ length: 3 }, () => server(() => random() < 0.3 && swaps?.next())));
  for (const upstream of upstreams) afterTest(() => upstream.close());
  const [dead = 0] = await freePorts(1);
  const proxy = await TestProxy.start({ timeouts: TIMEOUTS, sweepMs: 50 }, [
    entryPoint("web"),
    ...route("one", ANY, []),
    router("app", ANY, {}),
  ]);
  afterTest(() => proxy.close());
  const servers = upstreams.map((upstream) => upstream.server);
  swaps = new Swaps(proxy, servers, { address: "127.0.0.1", port: dead }, random);
  swaps.next();
  await swaps.settled();

  const wrongs: string[] = [];
  const stages = Object.keys(STAGES);
  const anyStage = (client: number, turn: number): string => stages[(client + turn) % stages.length] as string;
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      for (let turn = 0; turn < TURNS; turn++) {
        const stage = turn % 2 === 0 ? anyStage(client, turn) : (GOOD[turn % GOOD.length] as string);
        const wrong = await visit(proxy, stage, `${client}-${turn}`, random);
        if (wrong !== null) wrongs.push(`${stage} ${client}-${turn}: ${wrong}`);
      }
    }),
  );
  await swaps.settled();
  expect(wrongs).toEqual([]);
  expect(swaps.count).toBeGreaterThan(20);

  await eventually(() => proxy.count("connectionsOpen") === 0);
  await eventually(() => upstreams.every(({ connections }) => connections.every((socket) => socket.destroyed)));
  await eventually(() => [...proxy.worker.pools.all()].every((pool) => pool.open === 0 && pool.waiting === 0));
  expect(proxy.worker.entryPoints.busyCount).toBe(0);
  expect(proxy.count("upstreamOpen")).toBe(0);
  await eventually(() => proxy.count("connectionsBusy") === 0);
  await eventually(() => proxy.worker.timedCount === 0);
}, 60_000);

/** One connection with up to three requests; some clients go before they have their answer. What was wrong, or null. */
async function visit(proxy: TestProxy, stage: string, id: string, random: () => number): Promise<string | null> {
  const client = await RawClient.connect(proxy.port());
  try {
    for (let request = 0; request < 3; request++) {
      const name = `${id}-${request}`;
      const fields =
        stage === "switch"
          ? "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
          : "";
      const hasBody = stage === "early" || (fields === "" && random() < 0.3);
      client.send(
        `${hasBody ? "POST" : "GET"} /${stage}/${name} HTTP/1.1\r\nHost: a.test\r\n${fields}${hasBody ? "Content-Length: 10\r\n" : ""}\r\n`,
      );
      if (hasBody) client.send(stage === "early" ? "half" : "0123456789");
      if (random() < 0.1) return null;
      const wrong = await answer(client, stage, name);
      if (wrong !== null || !GOOD.includes(stage)) return wrong;
    }
    return null;
  } finally {
    if (random() < 0.5) client.socket.resetAndDestroy();
    else client.close();
  }
}

async function answer(client: RawClient, stage: string, name: string): Promise<string | null> {
  if (!GOOD.includes(stage)) {
    // Whatever the proxy makes of it: in time, and not as if all were well.
    await client.until(() => client.isClosed || client.hasEnded || client.received.includes("\r\n\r\n"));
    const isCut = !client.received.includes(name) || client.isClosed || stage === "early";
    return isCut || !client.received.startsWith("HTTP/1.1 200") ? null : `got ${client.received}`;
  }
  const response = await client.response().catch((error: Error) => error);
  if (response instanceof Error) return response.message;
  return response.status === 200 && response.body === name ? null : `got ${response.status} ${response.body}`;
}

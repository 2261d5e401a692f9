import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { ChannelClient } from "../../../src/channel/client.ts";
import { diff } from "../../../src/channel/diff.ts";
import type { CheckedDelta, InitialHolding, Outcome } from "../../../src/channel/holding.ts";
import type { SnapshotSource } from "../../../src/channel/snapshot-source.ts";
import { CHANNEL_TIMING, type ChannelTiming } from "../../../src/channel/timing.ts";
import { encodeResource, SetHash } from "../../../src/model/encode.ts";
import { type ResourceId, resourceId } from "../../../src/model/ids.ts";
import type { EncodedResource } from "../../../src/model/resource.ts";
import type { Delta, Snapshot } from "../../../src/model/snapshot.ts";

/** Quick enough for a test, slow enough for a busy machine. */
export const QUICK: ChannelTiming = {
  ...CHANNEL_TIMING,
  heartbeatMs: 50,
  silenceMs: 1_500,
  backoffFirstMs: 20,
  backoffMostMs: 100,
};

/** A class whose services have so many servers each, as a source for the channel. */
export class World implements SnapshotSource {
  #snapshot: Snapshot | null = null;
  readonly #listeners = new Set<(delta: Delta) => void>();

  current(): Snapshot | null {
    return this.#snapshot;
  }

  subscribe(_className: string, listener: (delta: Delta) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Publishes; answers the new version. */
  publish(services: Readonly<Record<string, number>>): string {
    return this.publishSnapshot(snapshot(services));
  }

  publishSnapshot(next: Snapshot): string {
    const before = this.#snapshot;
    const held = new Map([...(before?.resources.values() ?? [])].map(({ id, hash }) => [id, hash]));
    this.#snapshot = next;
    const delta = diff(held, before?.version ?? "", next);
    for (const listener of this.#listeners) listener(delta);
    return next.version;
  }
}

function snapshot(services: Readonly<Record<string, number>>): Snapshot {
  const resources = new Map<ResourceId, EncodedResource>();
  const sum = new SetHash();
  for (const [name, servers] of Object.entries(services)) {
    const encoded = endpoints(name, servers);
    resources.set(encoded.id, encoded);
    sum.add(encoded.hash);
  }
  return { class: "web", version: sum.hex(), resources };
}

function endpoints(name: string, servers: number): EncodedResource {
  const origin = { kind: "Service", namespace: "shop", name };
  const list = Array.from({ length: servers }, (_, index) => ({ address: `10.0.${index >> 8}.${index & 255}`, port: 80 }));
  return encodeResource({ id: resourceId("endpoints", origin), origin, servers: list });
}

/** A proxy that builds nothing: it notes what it is told to apply. */
export class Recorder {
  readonly deltas: CheckedDelta[] = [];
  readonly events: string[] = [];
  readonly client: ChannelClient;
  /** What the next deltas come to. */
  outcome: (delta: CheckedDelta) => Outcome | Promise<Outcome> = () => ({ applied: true, refused: [] });

  constructor(port: number, held: InitialHolding = { version: "", hashes: [] }, timing = QUICK, onConfirmed = (): void => {}) {
    this.client = new ChannelClient({
      url: `http://127.0.0.1:${port}`,
      className: "web",
      proxyId: "proxy-0",
      held,
      timing,
      apply: async (delta) => {
        this.deltas.push(delta);
        return this.outcome(delta);
      },
      onConnected: () => this.events.push("connected"),
      onLost: (reason) => this.events.push(`lost: ${reason}`),
      onConfirmed,
    });
    this.client.start();
  }

  /** Names of the services in each delta, removals with a minus. */
  get history(): string[][] {
    const name = (id: ResourceId): string => id.split("/")[2] ?? id;
    return this.deltas.map(({ upserts, removals }) => [
      ...upserts.map(({ id }) => name(id)).sort(),
      ...removals.map((id) => `-${name(id)}`).sort(),
    ]);
  }
}

/** Waits until something holds; fails with what it was when it does not within 10 s. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`after 10 s it does not hold that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A wire between client and server that counts bytes and can be cut, or hold back what passes. */
export class Wire {
  bytesDown = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #frozen = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(port: number): Promise<Wire> {
    const wire = new Wire(createServer());
    wire.#server.on("connection", (down) => wire.#join(down, connect(port, "127.0.0.1")));
    wire.#server.listen(0, "127.0.0.1");
    await once(wire.#server, "listening");
    return wire;
  }

  get port(): number {
    return (this.#server.address() as { readonly port: number }).port;
  }

  #join(down: Socket, up: Socket): void {
    for (const socket of [down, up]) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
    }
    down.on("data", (bytes) => up.write(bytes));
    up.on("data", (bytes) => {
      this.bytesDown += bytes.length;
      down.write(bytes);
    });
    down.on("close", () => up.destroy());
    up.on("close", () => down.destroy());
    if (this.#frozen) this.freeze();
  }

  /** Breaks every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Nothing passes any more, though connections stay open. */
  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  thaw(): void {
    this.#frozen = false;
    for (const socket of this.#sockets) socket.resume();
  }

  close(): void {
    this.#server.close();
    this.cut();
  }
}

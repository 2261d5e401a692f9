import type { Server } from "../../src/model/service.ts";
import { type OtherProxyName, startProxy } from "../peers/proxies.ts";
import { ANY, entryPoint, route, TestProxy } from "../scenario/http1/harness.ts";
import { answersTo } from "./exchange-bytes.ts";
import { RecordingServer, type Seen } from "./recording-server.ts";

/** What became of the bytes of one client. */
export interface Outcome {
  /** Requests that came to the server at the end, in order. */
  readonly seen: readonly Seen[];
  /** What that server could not read. */
  readonly unreadable: readonly string[];
}

/** Proxies one behind the other, and a server at their end that records. One client at a time. */
export class Arrangement {
  readonly #port: number;
  readonly #server: RecordingServer;
  readonly #stops: readonly (() => unknown)[];

  /** `ours` stands in front of `other`, where there are both. */
  static async start(ours: boolean, other: OtherProxyName | null): Promise<Arrangement> {
    const server = await RecordingServer.start();
    const stops: (() => unknown)[] = [() => server.close()];
    let front: Server = server.server;
    if (other !== null) {
      const proxy = await startProxy(other, server.port);
      stops.unshift(() => proxy.stop());
      front = proxy.server;
    }
    if (ours) {
      const proxy = await TestProxy.start({}, [entryPoint("web"), ...route("app", ANY, [front])]);
      stops.unshift(() => proxy.close());
      front = { address: "127.0.0.1", port: proxy.port() };
    }
    return new Arrangement(front.port, server, stops);
  }

  private constructor(port: number, server: RecordingServer, stops: readonly (() => unknown)[]) {
    this.#port = port;
    this.#server = server;
    this.#stops = stops;
  }

  async take(bytes: Buffer, cut: number): Promise<Outcome> {
    this.#server.forget();
    await answersTo(this.#port, bytes, cut);
    const { seen, unreadable } = this.#server;
    return { seen, unreadable };
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) await stop();
  }
}

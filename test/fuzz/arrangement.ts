import { type Chain, startChain } from "../peers/chain.ts";
import type { OtherProxyName } from "../peers/proxies.ts";
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
  readonly #chain: Chain;
  readonly #server: RecordingServer;

  /** The first of `names` is what clients connect to. */
  static async start(names: readonly ("fairway" | OtherProxyName)[]): Promise<Arrangement> {
    const server = await RecordingServer.start();
    return new Arrangement(await startChain(names, server.port), server);
  }

  private constructor(chain: Chain, server: RecordingServer) {
    this.#chain = chain;
    this.#server = server;
  }

  async take(bytes: Buffer, cut: number): Promise<Outcome> {
    this.#server.forget();
    await answersTo(this.#chain.port, bytes, cut);
    const { seen, unreadable } = this.#server;
    return { seen, unreadable };
  }

  async stop(): Promise<void> {
    await this.#chain.stop();
    this.#server.close();
  }
}

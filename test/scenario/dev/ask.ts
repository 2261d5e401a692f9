import { Agent, request } from "node:http";
import { request as requestTls } from "node:https";

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly connection: string;
}

export interface AskOptions {
  readonly host: string;
  readonly agent?: Agent;
  readonly tls?: boolean;
}

/** One request to a port of this machine. Without an agent on a connection of its own. */
export function ask(port: number, { host, agent, tls = false }: AskOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const common = { host: "127.0.0.1", port, headers: { host } };
    const sent = tls
      ? requestTls({ ...common, servername: host, rejectUnauthorized: false, agent: false })
      : request({ ...common, agent: agent ?? false });
    sent.on("error", reject);
    sent.on("response", (response) => {
      let body = "";
      response.on("error", reject);
      response.on("data", (bytes) => {
        body += bytes;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body, connection: response.headers.connection ?? "" }),
      );
    });
    sent.end();
  });
}

/** What came of many requests, until told to stop. */
export class Load {
  readonly answers = new Map<string, number>();
  #stopped = false;
  readonly #runs: Promise<void>[];

  /** `connections` clients, each asking again as soon as it has its answer; half of them keep their connection. */
  constructor(port: number, host: string, connections: number) {
    this.#runs = Array.from({ length: connections }, (_, index) => this.#run(port, host, index % 2 === 0));
  }

  get count(): number {
    return [...this.answers.values()].reduce((sum, n) => sum + n, 0);
  }

  /** Stops asking; what is under way still counts. */
  async stop(): Promise<ReadonlyMap<string, number>> {
    this.#stopped = true;
    await Promise.all(this.#runs);
    return this.answers;
  }

  async #run(port: number, host: string, keepAlive: boolean): Promise<void> {
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    while (!this.#stopped) {
      const outcome = await ask(port, { host, agent }).then(
        ({ status, body }) => `${status} ${body}`,
        (error: NodeJS.ErrnoException) => `failed: ${error.code ?? error.message}`,
      );
      this.answers.set(outcome, (this.answers.get(outcome) ?? 0) + 1);
    }
    agent.destroy();
  }
}

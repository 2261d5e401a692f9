import { existsSync } from "node:fs";
import { Agent, request } from "node:http";
import { request as requestSecurely, Agent as SecureAgent } from "node:https";

/** What is asked, as the one argument in JSON. */
export interface SteadyLoad {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly connections: number;
  /** At the longest. */
  readonly forMs: number;
  /** It ends when this file is there. */
  readonly untilFile?: string;
  /** Asks over TLS, on a new connection each time: the certificate that is shown, PEM, and who the proxies' must be from. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
}

/** How often that file is looked for. */
const LOOK_MS = 50;

/** What came of it, printed as JSON: how often each outcome. */
export type Outcomes = Readonly<Record<string, number>>;

/** The main of a program that asks over connections that stay open, one request after another on each, for some time. */
const { host, address, port, connections, forMs, untilFile, tls } = JSON.parse(process.argv[2] ?? "") as SteadyLoad;
const outcomes: Record<string, number> = {};
let isOver = false;
const over = setTimeout(() => end(), forMs);
const looking = setInterval(() => untilFile !== undefined && existsSync(untilFile) && end(), LOOK_MS);

function end(): void {
  isOver = true;
  clearTimeout(over);
  clearInterval(looking);
}

function ask(agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const asked = { host: address, port, agent, headers: { host } };
    const sent = tls === undefined ? request(asked) : requestSecurely({ ...asked, ...tls, servername: host });
    sent.on("error", (error: NodeJS.ErrnoException) => resolve(`failed: ${error.code ?? error.message}`));
    sent.on("response", (response) => {
      response.resume();
      response.on("error", () => resolve("failed within the body"));
      response.on("end", () => resolve(String(response.statusCode)));
    });
    sent.end();
  });
}

await Promise.all(
  Array.from({ length: connections }, async () => {
    const agent = tls === undefined ? new Agent({ keepAlive: true, maxSockets: 1 }) : new SecureAgent({ keepAlive: false });
    while (!isOver) {
      const outcome = await ask(agent);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    agent.destroy();
  }),
);
console.log(JSON.stringify(outcomes satisfies Outcomes));

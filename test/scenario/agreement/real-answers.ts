import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request } from "node:http";
import { request as requestTls, Agent as TlsAgent } from "node:https";
import { isIP } from "node:net";
import type { Echo } from "../../../hack/demo/echo-server.ts";
import type { RandomRequest } from "./random-request.ts";

/** What a proxy answered. */
export interface RealAnswer {
  readonly status: number;
  readonly location: string | null;
  /** What the server got; null when no server answered. */
  readonly echo: Echo | null;
}

/** Requests in flight at a time. */
const CONNECTIONS = 8;

/** Asks a running proxy. `ports` are those of its entry points. */
export async function realAnswers(
  requests: readonly RandomRequest[],
  ports: ReadonlyMap<string, number>,
): Promise<readonly RealAnswer[]> {
  const plain = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const secure = new TlsAgent({ keepAlive: true, maxSockets: CONNECTIONS, rejectUnauthorized: false });
  const answers = new Map<RandomRequest, RealAnswer>();
  const left = requests.values();
  const work = async () => {
    for (const one of left) answers.set(one, await ask(one, ports.get(one.entryPoint) as number, plain, secure));
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  plain.destroy();
  secure.destroy();
  return requests.map((one) => answers.get(one) as RealAnswer);
}

function ask(one: RandomRequest, port: number, plain: Agent, secure: TlsAgent): Promise<RealAnswer> {
  const { authority, target, method, headers, entryPoint } = one;
  const name = authority.replace(/:\d+$/, "").replace(/\.$/, "").toLowerCase();
  const options: RequestOptions = {
    host: "127.0.0.1",
    port,
    method,
    path: target,
    setHost: false,
    headers: ["Host", authority, ...headers.flat()],
  };
  return new Promise((resolve, reject) => {
    const servername = isIP(name.replace(/[[\]]/g, "")) === 0 ? name : "";
    const sent: ClientRequest =
      entryPoint === "secure" ? requestTls({ ...options, agent: secure, servername }) : request({ ...options, agent: plain });
    sent.on("error", (cause) => reject(new Error(`${method} ${authority}${target} on ${entryPoint}`, { cause })));
    sent.on("response", (response) => readAnswer(response).then(resolve, reject));
    sent.end();
  });
}

async function readAnswer(response: IncomingMessage): Promise<RealAnswer> {
  let body = "";
  for await (const bytes of response) body += bytes;
  const isEcho = response.headers["x-powered-by"] === "an echo server";
  return {
    status: response.statusCode ?? 0,
    location: response.headers.location ?? null,
    echo: isEcho ? (JSON.parse(body) as Echo) : null,
  };
}

import { once } from "node:events";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Target } from "./target.ts";
import { headsOf, PATHS } from "./workload.ts";

const TIMEOUT_MS = 5_000;

/** Fields that each hop sets for itself. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding"]);

/** A head as what it means: its first line, and its fields by lower-case name, sorted. */
interface Meaning {
  readonly firstLine: string;
  readonly fields: readonly string[];
}

/** What the upstream sees of a request that went through a target, and what the client sees of the answer. */
interface Seen {
  readonly request: Meaning;
  readonly response: Meaning;
}

/** How a client speaks to a target. */
export type Speech = "http/1.1" | "tls" | "h2";

/** In which ways targets do other work than the first of them, in words; none when all do the same. */
export async function differences(targets: readonly Target[], speeches: readonly Speech[]): Promise<readonly string[]> {
  const heads = headsOf({ path: PATHS.seen, head: "realistic" });
  const some = [heads[0], heads[7], heads.at(-1)].filter((head) => head !== undefined);
  const found: string[] = [];
  for (const speech of speeches) {
    for (const head of some) found.push(...(await differencesFor(targets, speech, head)));
  }
  return [...new Set(found)];
}

async function differencesFor(targets: readonly Target[], speech: Speech, head: string): Promise<readonly string[]> {
  const [first, ...others] = await Promise.all(
    targets.map(async (target) => ({ target, seen: await asked(target, speech, head) })),
  );
  if (first === undefined) return [];
  const bad = first.seen.response.firstLine.includes(" 200 ")
    ? []
    : [`${first.target.name} answers ${first.seen.response.firstLine}`];
  const different = others.flatMap(({ target, seen }) => [
    ...differing(`the upstream, by ${speech} through ${target.name}`, first.target.name, seen.request, first.seen.request),
    ...differing(`the client, by ${speech} from ${target.name}`, first.target.name, seen.response, first.seen.response),
  ]);
  return [...bad, ...different];
}

/** How two heads differ in meaning. */
export function differing(what: string, other: string, one: Meaning, two: Meaning): readonly string[] {
  const line = one.firstLine === two.firstLine ? [] : [`${what}, sees "${one.firstLine}", with ${other} "${two.firstLine}"`];
  const more = one.fields
    .filter((field) => !two.fields.includes(field))
    .map((field) => `${what}, sees "${field}", not so with ${other}`);
  const less = two.fields
    .filter((field) => !one.fields.includes(field))
    .map((field) => `${what}, does not see "${field}", as with ${other}`);
  return [...line, ...more, ...less];
}

/** Reads a head. */
export function meaningOf(head: string): Meaning {
  const [firstLine = "", ...lines] = head.split("\r\n").filter((line) => line !== "");
  const fields = lines.flatMap((line) => {
    const name = line.slice(0, line.indexOf(":")).toLowerCase();
    return HOP_BY_HOP.has(name) ? [] : [`${name}: ${line.slice(line.indexOf(":") + 1).trim()}`];
  });
  return { firstLine, fields: fields.sort() };
}

async function asked(target: Target, speech: Speech, request: string): Promise<Seen> {
  try {
    return await ask(target, speech, request);
  } catch (cause) {
    throw new Error(`${target.name} does not answer by ${speech}: ${(cause as Error).message}`, { cause });
  }
}

function ask({ port, tlsPort }: Target, speech: Speech, request: string): Promise<Seen> {
  if (speech === "h2") return askHttp2(tlsPort, request);
  const to = { host: "127.0.0.1", rejectUnauthorized: false };
  const servername = /^Host: (.*)$/m.exec(request)?.[1]?.trim() ?? "";
  return askHttp1(speech === "tls" ? connectTls({ ...to, port: tlsPort, servername }) : connect({ ...to, port }), request);
}

async function askHttp1(socket: Socket, request: string): Promise<Seen> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let text = "";
  socket.on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1");
  });
  socket.write(request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"), "latin1");
  await once(socket, "close", { signal }).finally(() => socket.destroy());
  const end = text.indexOf("\r\n\r\n");
  return seenIn(text.slice(end), text.slice(0, end));
}

async function askHttp2(port: number, request: string): Promise<Seen> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const headers = http2HeadersOf(request);
  const session = connectHttp2(`https://${headers[":authority"]}`, {
    createConnection: () =>
      connectTls({
        host: "127.0.0.1",
        port,
        servername: String(headers[":authority"]),
        ALPNProtocols: ["h2"],
        rejectUnauthorized: false,
      }),
  });
  session.on("error", () => session.destroy());
  try {
    const stream = session.request(headers, { signal });
    const [answer] = (await once(stream, "response", { signal })) as [IncomingHttpHeaders];
    let body = "";
    for await (const bytes of stream) body += String(bytes);
    const lines = Object.entries(answer).flatMap(([name, value]) => (name.startsWith(":") ? [] : [`${name}: ${value}`]));
    return seenIn(body, [`HTTP/2 ${answer[":status"]} `, ...lines].join("\r\n"));
  } finally {
    session.destroy();
  }
}

/** A head of HTTP/1.1 as HTTP/2 says it. */
export function http2HeadersOf(head: string): Record<string, string> {
  const [requestLine = "", ...lines] = head.split("\r\n").filter((line) => line !== "");
  const [method = "", path = ""] = requestLine.split(" ");
  const fields = lines.map(
    (line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()] as const,
  );
  const { host = "", ...others } = Object.fromEntries(fields);
  return { ":method": method, ":scheme": "https", ":authority": host, ":path": path, ...others };
}

function seenIn(request: string, response: string): Seen {
  const answer = meaningOf(response);
  // Its length follows from what the upstream saw, which is compared by itself.
  const fields = answer.fields.filter((field) => !field.startsWith("content-length"));
  return { request: meaningOf(request), response: { ...answer, fields } };
}

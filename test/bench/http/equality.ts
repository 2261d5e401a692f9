import { once } from "node:events";
import { connect } from "node:net";
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

/** In which ways targets do other work than the first of them, in words; none when all do the same. */
export async function differences(targets: readonly Target[]): Promise<readonly string[]> {
  const heads = headsOf({ path: PATHS.seen, head: "realistic" });
  const some = [heads[0], heads[7], heads.at(-1)].filter((head) => head !== undefined);
  const found: string[] = [];
  for (const head of some) {
    const [first, ...others] = await Promise.all(targets.map(async (target) => ({ target, seen: await ask(target.port, head) })));
    if (first === undefined) return found;
    if (!first.seen.response.firstLine.includes(" 200 "))
      found.push(`${first.target.name} answers ${first.seen.response.firstLine}`);
    for (const { target, seen } of others) {
      found.push(...differing(`the upstream, through ${target.name}`, first.target.name, seen.request, first.seen.request));
      found.push(...differing(`the client, from ${target.name}`, first.target.name, seen.response, first.seen.response));
    }
  }
  return [...new Set(found)];
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

async function ask(port: number, request: string): Promise<Seen> {
  const socket = connect({ port, host: "127.0.0.1" });
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let text = "";
  socket.on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1");
  });
  socket.write(request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"), "latin1");
  await once(socket, "close", { signal }).finally(() => socket.destroy());
  const end = text.indexOf("\r\n\r\n");
  const response = meaningOf(text.slice(0, end));
  // Its length follows from what the upstream saw, which is compared by itself.
  const fields = response.fields.filter((field) => !field.startsWith("content-length"));
  return { request: meaningOf(text.slice(end)), response: { ...response, fields } };
}

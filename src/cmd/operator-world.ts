import { type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import { WORLD_PATH } from "../control/admin/operator-routes.ts";
import { type ProblemOrigin, WORLD_FORMAT, type WorldLine } from "../control/admin/world-lines.ts";
import type { LocatedProblem, Location, Provenance } from "../control/sources/directory/manifest-set.ts";
import { ObjectStore } from "../control/store/object-store.ts";
import type { CompileSettings } from "../control/translate/settings.ts";
import { type ObjectRef, objectKey } from "../model/object-ref.ts";
import type { Problem } from "../model/problem.ts";
import { wrongUse } from "./cli.ts";
import { textLines } from "./text-lines.ts";

/** Reading is broken off after this time; 100,000 objects take a few seconds. */
const READ_MS = 120_000;

/** Longest line, in characters: an object of the largest size etcd takes, with every character escaped. */
const LINE_LENGTH_MAX = 16 * 1024 * 1024;

/** Most lines read from an operator. */
const LINES_MAX = 5_000_000;

/** Why it is no use to read on; the end of a sentence that begins with who answered. */
class Unusable extends Error {}

/** Everything a running operator holds, as a tool sees it. */
export interface OperatorObjects {
  readonly store: ObjectStore;
  readonly manifests: Provenance;
  readonly settings: CompileSettings;
  /** The folder it reads; null on a cluster. */
  readonly folder: string | null;
  /** Of the operator's program. */
  readonly version: string;
}

/** Where an operator answers: an address, or a connection that stands already. */
export type OperatorAddress = { readonly url: URL } | { readonly connection: Duplex };

/** Reads what an operator holds. `name` says in messages who it is. Ends the command when there is none, or it answers something else. */
export async function readOperator(address: OperatorAddress, name: string): Promise<OperatorObjects> {
  try {
    const answer = await get(address);
    if (answer.statusCode !== 200) throw new Unusable(`answers ${answer.statusCode}: ${await beginning(answer)}`);
    return await readWorld(textLines(answer, LINE_LENGTH_MAX));
  } catch (error) {
    if (error instanceof Unusable) return wrongUse(`${name} ${error.message}`);
    return wrongUse(`${name} does not answer: ${error instanceof Error ? error.message || String(error) : error}`);
  }
}

/** Reads the lines of a world. Throws Unusable for what is none, or not all of one. */
async function readWorld(lines: AsyncIterable<string | null>): Promise<OperatorObjects> {
  const world = new ReadWorld();
  let count = 0;
  for await (const line of lines) {
    count += 1;
    if (line === null || count > LINES_MAX) throw new Unusable("sends more than there can be");
    world.take(parsed(line));
  }
  return world.finished();
}

function parsed(line: string): WorldLine {
  try {
    const value = JSON.parse(line) as WorldLine | null;
    if (value !== null && typeof value.type === "string") return value;
  } catch {
    // Whatever it is, it is not a line of ours.
  }
  throw new Unusable("is no operator of Fairway: what it sends is something else");
}

/** What came so far. */
class ReadWorld {
  readonly #store = new ObjectStore();
  readonly #provenance = new OperatorProvenance();
  #first: Extract<WorldLine, { readonly type: "world" }> | null = null;
  #end: number | null = null;

  take(line: WorldLine): void {
    if (line.type === "world") {
      if (line.format !== WORLD_FORMAT)
        throw new Unusable(`speaks format ${line.format}, not ${WORLD_FORMAT}: use its version, ${line.version}`);
      this.#first = line;
    } else if (line.type === "object") this.#store.apply(line.object);
    else if (line.type === "place") this.#provenance.addPlace(line.object, line);
    else if (line.type === "problem") this.#provenance.addProblem(line.origin, line.problem);
    else if (line.type === "end") this.#end = line.objects;
  }

  finished(): OperatorObjects {
    if (this.#first === null || this.#end !== this.#store.size) throw new Unusable("broke off before it had told everything");
    const { settings, folder, version } = this.#first;
    if (folder === null)
      for (const kind of this.#store.kinds())
        for (const { ref } of this.#store.list(kind)) this.#provenance.addPlace(ref, NOWHERE);
    return { store: this.#store, manifests: this.#provenance, settings, folder, version };
  }
}

const NOWHERE: Location = { file: "", line: 0 };

/** Where an operator says its objects come from, and what it finds wrong with them. */
class OperatorProvenance implements Provenance {
  readonly #places = new Map<string, Location & { readonly object: ObjectRef }>();
  readonly #told: LocatedProblem[] = [];
  /** Where the problems stand that whoever compiles finds again. */
  readonly #compiled = new Map<string, Location>();

  addPlace(object: ObjectRef, { file, line }: Location): void {
    this.#places.set(objectKey(object), { object, file, line });
  }

  addProblem(origin: ProblemOrigin, problem: LocatedProblem): void {
    if (origin === "compiler") this.#compiled.set(keyOf(problem), { file: problem.file, line: problem.line });
    else this.#told.push(problem);
  }

  get size(): number {
    return this.#places.size;
  }

  objects(): Iterable<Location & { readonly object: ObjectRef }> {
    return this.#places.values();
  }

  problems(): readonly LocatedProblem[] {
    return this.#told;
  }

  located(found: Problem): LocatedProblem {
    const { file, line } = this.#compiled.get(keyOf(found)) ?? this.#places.get(objectKey(found.object)) ?? NOWHERE;
    return { ...found, file, line };
  }
}

function keyOf({ code, object, field, message }: Problem): string {
  return JSON.stringify([code, objectKey(object), field, message]);
}

function get(address: OperatorAddress): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = "url" in address ? { agent: false } : { createConnection: () => address.connection };
    // The name it is asked by is one of its own machine, which a connection that was forwarded comes from.
    const url = "url" in address ? new URL(WORLD_PATH, address.url) : new URL(`http://localhost${WORLD_PATH}`);
    const asked = request(url, { ...options, signal: AbortSignal.timeout(READ_MS) }, resolve);
    asked.once("error", reject);
    asked.end();
  });
}

/** The first line of an answer, for a message. */
async function beginning(answer: IncomingMessage): Promise<string> {
  for await (const line of textLines(answer)) return (line ?? "").slice(0, 200);
  return "";
}

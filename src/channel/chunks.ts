import { create } from "@bufbuild/protobuf";
import { fail, ok, type Result } from "../kernel/result.ts";
import type { ResourceId } from "../model/ids.ts";
import type { EncodedResource } from "../model/resource.ts";
import type { Delta } from "../model/snapshot.ts";
import { type Commit, type DeltaChunk, DeltaChunkSchema, type Upsert } from "./gen/snapshot_pb.ts";

/** Largest message of a delta, encoded. */
export const CHUNK_BYTES_MAX = 1 << 20;

/** Most bytes of resources a proxy collects before the commit mark: more than any sane class has, less than a Pod's memory. */
export const DELTA_BYTES_MAX = 512 << 20;

/** More than tags and lengths take: of an entry (format, flags, hash and its own length), and of a message with its commit. */
const ENTRY_OVERHEAD_BYTES = 80;
const MESSAGE_OVERHEAD_BYTES = 256;

/** A snapshot's place in the order of all snapshots; `term` 0 when nobody orders them (one operator without a Lease). */
export interface Position {
  readonly term: bigint;
  readonly sequence: bigint;
  /** UID of the Lease that counts the terms; "" when it is not known. */
  readonly lease: string;
}

/** Cuts a delta into messages of at most `CHUNK_BYTES_MAX`; the last one carries the commit. Bodies are borrowed, not copied. */
export function* toChunks(delta: Delta, position: Position, bytesMax: number = CHUNK_BYTES_MAX): Generator<DeltaChunk> {
  let chunk = create(DeltaChunkSchema);
  let room = bytesMax - MESSAGE_OVERHEAD_BYTES;
  for (const part of parts(delta, bytesMax - MESSAGE_OVERHEAD_BYTES)) {
    if (part.bytes > room) {
      yield chunk;
      chunk = create(DeltaChunkSchema);
      room = bytesMax - MESSAGE_OVERHEAD_BYTES;
    }
    if (part.upsert) chunk.upserts.push(part.upsert);
    else chunk.removals.push(part.id);
    room -= part.bytes;
  }
  chunk.commit = commitMessage(delta.to, position);
  yield chunk;
}

interface Part {
  readonly id: string;
  /** Null for a removal. */
  readonly upsert: Upsert | null;
  readonly bytes: number;
}

function* parts(delta: Delta, room: number): Generator<Part> {
  for (const id of delta.removals) yield { id, upsert: null, bytes: id.length + ENTRY_OVERHEAD_BYTES };
  for (const resource of delta.upserts) yield* pieces(resource, room);
}

/** One upsert, or several when the body is larger than a message. */
function* pieces(resource: EncodedResource, room: number): Generator<Part> {
  const overhead = resource.id.length + ENTRY_OVERHEAD_BYTES;
  const step = Math.max(1, room - overhead);
  let start = 0;
  do {
    const body = resource.body.subarray(start, start + step);
    start += body.length;
    const more = start < resource.body.length;
    const { id, format, hash } = resource;
    yield {
      id,
      upsert: { $typeName: "fairway.channel.v1alpha1.Upsert", id, format, hash, body, more },
      bytes: body.length + overhead,
    };
  } while (start < resource.body.length);
}

function commitMessage(version: string, position: Position): Commit {
  return {
    $typeName: "fairway.channel.v1alpha1.Commit",
    version,
    position: { $typeName: "fairway.channel.v1alpha1.Position", ...position },
  };
}

/** A delta whose commit mark has come. */
export interface AssembledDelta {
  readonly version: string;
  readonly position: Position;
  readonly upserts: readonly EncodedResource[];
  readonly removals: readonly ResourceId[];
}

/** Collects the chunks of one delta after another. */
export class DeltaAssembler {
  #upserts: EncodedResource[] = [];
  #removals: ResourceId[] = [];
  #open: Upsert[] = [];
  #bytes = 0;
  readonly #bytesMax: number;

  constructor(bytesMax: number = DELTA_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** The delta when the chunk commits it, null while it goes on, or why the sender is not to be trusted. */
  add(chunk: DeltaChunk): Result<AssembledDelta | null, string> {
    for (const id of chunk.removals) {
      this.#removals.push(id as ResourceId);
      this.#bytes += id.length + ENTRY_OVERHEAD_BYTES;
    }
    for (const { id, body } of chunk.upserts) this.#bytes += body.length + id.length + ENTRY_OVERHEAD_BYTES;
    if (this.#bytes > this.#bytesMax) return fail(`a delta is larger than ${this.#bytesMax} bytes`);
    for (const upsert of chunk.upserts) {
      const wrong = this.#addUpsert(upsert);
      if (wrong) return fail(wrong);
    }
    if (!chunk.commit) return ok(null);
    if (this.#open.length > 0) return fail(`a delta ends within the body of ${this.#open[0]?.id}`);
    return ok(this.#finish(chunk.commit));
  }

  #addUpsert(upsert: Upsert): string | null {
    const first = this.#open[0];
    if (first && first.id !== upsert.id) return `the body of ${first.id} is interrupted by ${upsert.id}`;
    if (upsert.more) {
      this.#open.push(upsert);
      return null;
    }
    const body = first ? Buffer.concat([...this.#open, upsert].map((piece) => piece.body)) : upsert.body;
    this.#open = [];
    // The hash is copied: it is kept for long, and as a view it would keep the whole message.
    this.#upserts.push({ id: upsert.id as ResourceId, format: upsert.format, hash: upsert.hash.slice(), body });
    return null;
  }

  #finish(commit: Commit): AssembledDelta {
    const { term = 0n, sequence = 0n, lease = "" } = commit.position ?? {};
    const delta = {
      version: commit.version,
      position: { term, sequence, lease },
      upserts: this.#upserts,
      removals: this.#removals,
    };
    this.#upserts = [];
    this.#removals = [];
    this.#bytes = 0;
    return delta;
  }
}

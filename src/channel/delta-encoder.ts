import { create, toBinary } from "@bufbuild/protobuf";
import type { Delta } from "../model/snapshot.ts";
import { type Position, toChunks } from "./chunks.ts";
import { OperatorMessageSchema } from "./gen/snapshot_pb.ts";
import { lengthPrefixed } from "./grpc/messages.ts";

/** A delta with more bytes of resources than this is not kept for the next proxy. */
const SHARED_BYTES_MAX = 64 << 10;

interface Encoded {
  readonly delta: Delta;
  readonly position: Position;
  readonly messages: readonly Uint8Array[];
}

/** Makes deltas into the messages that are sent, each with its length before it. */
export class DeltaEncoder {
  #last: Encoded | null = null;

  /** Encodes a message at a time, as they are asked for. */
  *encode(delta: Delta, position: Position): Generator<Uint8Array> {
    for (const value of toChunks(delta, position)) {
      const message = create(OperatorMessageSchema, { message: { case: "chunk", value } });
      yield lengthPrefixed(toBinary(OperatorMessageSchema, message));
    }
  }

  /** As `encode`, of what leads from one published version to another: a small one is encoded once for all proxies that get it. */
  encodeShared(delta: Delta, position: Position): Iterator<Uint8Array> {
    if (delta.upserts.reduce((sum, { body }) => sum + body.length, 0) > SHARED_BYTES_MAX) return this.encode(delta, position);
    if (this.#last === null || !leadsTheSameWay(this.#last, delta, position)) {
      this.#last = { delta, position, messages: [...this.encode(delta, position)] };
    }
    return this.#last.messages.values();
  }
}

function leadsTheSameWay(last: Encoded, delta: Delta, { term, sequence, lease }: Position): boolean {
  return (
    last.delta.class === delta.class &&
    last.delta.from === delta.from &&
    last.delta.to === delta.to &&
    last.position.term === term &&
    last.position.sequence === sequence &&
    last.position.lease === lease
  );
}

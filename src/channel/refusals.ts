import type { ResourceId } from "../model/ids.ts";
import type { Refusal } from "../model/snapshot.ts";

/** Most refusals that are told at a time; a proxy that refuses more has one cause, not many. */
const REFUSALS_MAX = 10_000;

/** More than this many have their reasons cut to the shorter length, so that a message holds them. */
const FEW = 1_000;
const REASON_CHARS_MAX = 1_500;
const REASON_CHARS_OF_MANY = 150;

/** Most that ids and reasons of a message take: less than the operator takes as a message, with what is around them. */
const BYTES_MAX = 3 << 20;

/** A refusal as it travels. */
interface RefusalMessage {
  readonly id: string;
  readonly reason: string;
}

/** Refusals for one message: as many as it holds, which is all of them but in a world that is wrong altogether. */
export function toRefusalMessages(refused: readonly Refusal[]): RefusalMessage[] {
  const reasonCharsMax = refused.length > FEW ? REASON_CHARS_OF_MANY : REASON_CHARS_MAX;
  const messages: RefusalMessage[] = [];
  let bytes = 0;
  for (const { id, reason } of refused.slice(0, REFUSALS_MAX)) {
    const message = { id, reason: reason.slice(0, reasonCharsMax) };
    bytes += Buffer.byteLength(message.id) + Buffer.byteLength(message.reason);
    if (bytes > BYTES_MAX) break;
    messages.push(message);
  }
  return messages;
}

/** The refusals in a message of a proxy. */
export function fromRefusalMessages(messages: readonly RefusalMessage[]): readonly Refusal[] {
  return messages.slice(0, REFUSALS_MAX).map(({ id, reason }) => ({ id: id as ResourceId, reason }));
}

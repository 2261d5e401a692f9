import { StringDecoder } from "node:string_decoder";

/** Largest line that is read where nobody says otherwise, in characters (UTF-16 code units). */
export const LINE_LENGTH_MAX = 1024 * 1024;

/** The lines of a stream, without their ends. A line that is too long comes as null, once, and nothing of it is kept. */
export async function* textLines(
  stream: AsyncIterable<Buffer>,
  lengthMax: number = LINE_LENGTH_MAX,
): AsyncIterable<string | null> {
  const decoder = new StringDecoder("utf8");
  let pending = "";
  let isTooLong = false;
  for await (const chunk of stream) {
    const pieces = decoder.write(chunk).split("\n");
    for (const [index, piece] of pieces.entries()) {
      if (!isTooLong) pending += piece;
      isTooLong ||= pending.length > lengthMax;
      if (isTooLong) pending = "";
      if (index === pieces.length - 1) break;
      yield isTooLong ? null : pending;
      pending = "";
      isTooLong = false;
    }
  }
  pending += decoder.end();
  if (isTooLong || pending !== "") yield isTooLong ? null : pending;
}

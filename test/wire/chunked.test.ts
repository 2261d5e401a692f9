import { expect, test } from "vitest";
import { ChunkedDecoder } from "../../src/proxy/http1/chunked.ts";
import { readVectors } from "./vectors.ts";

/** Feeds pieces to a decoder: the data it found, and how it ended. */
function decode(pieces: readonly Buffer[]): readonly string[] {
  const decoder = new ChunkedDecoder();
  let data = "";
  let offset = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length && !decoder.done; ) {
      at = decoder.next(piece, at, piece.length);
      if (at < 0) return [`data ${JSON.stringify(data)}`, "failure MalformedBody"];
      data += piece.toString("latin1", decoder.dataStart, decoder.dataEnd);
      if (decoder.done) return [`data ${JSON.stringify(data)}`, `end ${offset + at}`];
    }
    offset += piece.length;
  }
  return [`data ${JSON.stringify(data)}`, "incomplete"];
}

test.each(readVectors("chunked"))("$title ($where)", ({ bytes, events }) => {
  expect(decode([bytes])).toEqual(events);
  expect(decode(Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(events);
  for (let split = 1; split < bytes.length; split++) {
    expect(decode([bytes.subarray(0, split), bytes.subarray(split)])).toEqual(events);
  }
});

test("one decoder can walk one body after another", () => {
  const decoder = new ChunkedDecoder();
  const body = Buffer.from("1\r\nx\r\n0\r\n\r\n");
  for (let turn = 0; turn < 3; turn++) {
    let at = 0;
    while (!decoder.done) at = decoder.next(body, at, body.length);
    expect(at).toBe(body.length);
    decoder.reset();
  }
});

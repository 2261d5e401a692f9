import { describe, expect, test } from "vitest";
import type { Fields } from "../../src/proxy/http1/fields.ts";
import { parseRequestHead, RequestHead, requestFailure } from "../../src/proxy/http1/request-parser.ts";
import { parseResponseHead, ResponseHead, responseFraming } from "../../src/proxy/http1/response-parser.ts";
import { readVectors, type Vector } from "./vectors.ts";

type Parse = (bytes: Buffer, start: number, end: number) => { readonly result: number; readonly events: readonly string[] };

const request: Parse = (bytes, start, end) => {
  const head = new RequestHead();
  const result = parseRequestHead(bytes, start, end, head);
  if (result < 0) return { result, events: [`failure ${requestFailure(result).code}`] };
  const target = bytes.toString("latin1", head.targetStart, head.targetEnd);
  const body = head.chunked ? "chunked" : head.contentLength >= 0 ? `length ${head.contentLength}` : "none";
  const extras = [
    head.expectContinue ? ["expect 100-continue"] : [],
    head.upgrade === "" ? [] : [`upgrade ${head.upgrade}`],
  ].flat();
  return {
    result,
    events: [
      `request ${head.method} ${target} 1.${head.minor}`,
      ...fieldEvents(bytes, head),
      ...extras,
      ...endEvents(body, head, result - start),
    ],
  };
};

const response: Parse = (bytes, start, end) => {
  const head = new ResponseHead();
  const result = parseResponseHead(bytes, start, end, head);
  if (result < 0) return { result, events: ["failure UpstreamMalformed"] };
  const framing = responseFraming(head, "GET");
  const body = framing === "length" ? `length ${head.contentLength}` : framing;
  return {
    result,
    events: [`response ${head.status} 1.${head.minor}`, ...fieldEvents(bytes, head), ...endEvents(body, head, result - start)],
  };
};

function fieldEvents(bytes: Buffer, head: Fields): string[] {
  return Array.from({ length: head.count }, (_, i) => {
    const name = bytes.toString("latin1", head.nameStart[i], head.nameEnd[i]);
    return `field ${head.known[i]} ${name}: ${JSON.stringify(bytes.toString("latin1", head.valueStart[i], head.valueEnd[i]))}`;
  });
}

function endEvents(body: string, head: Fields, length: number): string[] {
  return [`body ${body}`, head.keepAlive ? "keep-alive" : "close", `end ${length}`];
}

describe.each([
  ["request", request],
  ["response", response],
] as const)("%s heads", (folder, parse) => {
  test.each(readVectors(folder))("$title ($where)", (vector) => {
    expect(parse(vector.bytes, 0, vector.bytes.length).events).toEqual(vector.events);
    holdsAtEverySplit(parse, vector);
    holdsAnywhereInABuffer(parse, vector);
  });
});

/** Every beginning of a vector is incomplete, or fails already in the same way, or is complete already. */
function holdsAtEverySplit(parse: Parse, vector: Vector): void {
  const whole = parse(vector.bytes, 0, vector.bytes.length);
  for (let end = 0; end < vector.bytes.length; end++) {
    const part = parse(Buffer.from(vector.bytes.subarray(0, end)), 0, end);
    if (part.result !== 0) expect({ end, ...part }).toEqual({ end, ...whole });
  }
}

/** Bytes before and after the head make no difference. */
function holdsAnywhereInABuffer(parse: Parse, vector: Vector): void {
  const surrounded = Buffer.concat([Buffer.from("xx\r\n\r\n"), vector.bytes, Buffer.from("GET / HTTP/1.1\r\n")]);
  const inside = parse(surrounded, 6, 6 + vector.bytes.length);
  expect(inside.events).toEqual(vector.events);
}

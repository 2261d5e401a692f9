import fc from "fast-check";
import { expect, test } from "vitest";
import { parseProxyHeader } from "../../src/proxy/listen/proxy-protocol.ts";
import { readVectors } from "./vectors.ts";

/** What is made of bytes that come in these pieces. */
function read(pieces: readonly Buffer[]): string {
  let bytes = Buffer.alloc(0);
  for (const piece of pieces) {
    bytes = Buffer.concat([bytes, piece]);
    const result = parseProxyHeader(bytes);
    if (result === "more") continue;
    return result === "invalid" ? result : `source ${result.source ?? "none"} ${result.length}`;
  }
  return "more";
}

test.each(readVectors("proxy-protocol"))("$title ($where)", ({ bytes, events }) => {
  const [expected] = events;
  expect(read([bytes])).toBe(expected);
  expect(read(Array.from(bytes, (byte) => Buffer.from([byte])))).toBe(expected);
  for (let split = 1; split < bytes.length; split++)
    expect(read([bytes.subarray(0, split), bytes.subarray(split)])).toBe(expected);
});

test("whatever comes, the answer stays the same once it is settled, and nothing is read that has not come", () => {
  const starts = ["PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "PROXY ", "\r\n\r\n\0\r\nQUIT\n!\x11\0\f", "\r\n\r\n\0\r\nQUIT\n", ""];
  const bytes = fc.tuple(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }));
  fc.assert(
    fc.property(bytes, fc.nat(), ([start, rest], cut) => {
      const all = Buffer.concat([Buffer.from(start, "latin1"), rest]);
      const whole = parseProxyHeader(all);
      const part = parseProxyHeader(all.subarray(0, cut % (all.length + 1)));
      if (part !== "more") expect(whole).toEqual(part);
      if (typeof whole === "object") expect(whole.length).toBeLessThanOrEqual(all.length);
    }),
  );
});

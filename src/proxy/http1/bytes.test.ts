import { expect, test } from "vitest";
import { BARE_LF, findHeadEnd } from "./bytes.ts";

/** Looks for the end of a head that comes in pieces of `size` bytes; where it is, and how many bytes were looked at. */
function find(text: string, size: number): { readonly end: number; readonly looks: number } {
  let looks = 0;
  const bytes = new Proxy(Buffer.from(text), {
    get: (target, key) => {
      looks++;
      return Reflect.get(target, key) as unknown;
    },
  });
  for (let have = 0; have < text.length; have += size) {
    const end = findHeadEnd(bytes, 0, have, Math.min(have + size, text.length));
    if (end !== -1) return { end, looks };
  }
  return { end: -1, looks };
}

const SIZES = [1, 2, 3, 4, 5, 7, 1000];

test.each(SIZES)("the end of a head is found in pieces of %i bytes", (size) => {
  expect(find("GET / HTTP/1.1\r\nHost: x\r\n\r\nbody\r\n\r\n", size).end).toBe(27);
  expect(find("\r\n\r\n", size).end).toBe(4);
  expect(find("GET / HTTP/1.1\r\n\r", size).end).toBe(-1);
});

test.each(SIZES)("a bare LF is found in pieces of %i bytes", (size) => {
  for (const text of ["GET / HTTP/1.1\nHost: x\r\n\r\n", "\n", "GET / HTTP/1.1\r\n\n", "a\r\r\n\n"]) {
    expect(find(text, size).end).toBe(BARE_LF);
  }
});

test("a head that comes a byte at a time is looked at as often as its bytes, whatever its size", () => {
  for (const fields of [10, 1000]) {
    const text = `GET / HTTP/1.1\r\n${"X: y\r\n".repeat(fields)}\r\n`;
    expect(find(text, 1).looks).toBeLessThan(2 * text.length);
  }
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRequestHead, RequestHead } from "../../src/proxy/http1/request-parser.ts";
import { loadLlhttp } from "./llhttp.ts";
import { mutated, ours } from "./request-bytes.ts";

/** Cases a run; more by `FUZZ_RUNS`, for a longer hunt. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 20_000);
const llhttp = loadLlhttp();
/** llhttp knows a fixed list of methods; any token is a method to us (RFC 9110 §9.1). */
const METHODS = ["GET", "POST", "PUT"];
/** Targets are taken apart, and refused, after the head is parsed: others than these are none of the parser's business. */
const TARGET = /^(\/|http:\/\/x\/)[!-~]*$/;

test("whatever we accept, llhttp accepts too, with the same target, fields, body, and never keeps a connection llhttp would close", () => {
  let accepted = 0;
  fc.assert(
    fc.property(mutated, (bytes) => {
      const mine = ours(bytes);
      if (mine === null || !METHODS.includes(mine.method) || !TARGET.test(mine.target)) return;
      accepted++;
      const theirs = llhttp.parseRequest(bytes.subarray(0, mine.end));
      // Extensions are dropped, so we look at their bytes only; llhttp holds them to the grammar of RFC 9112 §7.1.1.
      if (theirs === null && Buffer.from(bytes).includes(";")) return;
      expect(theirs).not.toBeNull();
      expect(theirs?.target).toBe(mine.target);
      expect(theirs?.fields.slice(0, mine.fields.length).map(([name, value]) => [name, value.replace(/[ \t]+$/, "")])).toEqual(
        mine.fields,
      );
      expect(theirs?.body).toBe(mine.body);
      if (mine.keepAlive) expect(theirs?.keepAlive).toBe(true); // with both options llhttp keeps a 1.0 connection; RFC 9112 §9.3 closes it
    }),
    { numRuns: RUNS },
  );
  expect(accepted).toBeGreaterThan(RUNS / 50);
});

test("no bytes make the parser throw or read past their end", () => {
  const head = new RequestHead();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(parseRequestHead(bytes, 0, bytes.length, head)).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: RUNS },
  );
});

import { expect, test } from "vitest";
import { loadOf } from "./h2load.ts";

const TEXT = `finished in 1.00s, 3.00 req/s, 1.00KB/s
requests: 4 total, 4 started, 3 done, 3 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 2 2xx, 0 3xx, 0 4xx, 1 5xx
`;
const LOG = "1700000000000000\t200\t1000\n1700000000000001\t200\t3000\n1700000000000002\t502\t9000\n";

test("answers are those with 200, and what else was done has failed", () => {
  const load = loadOf(TEXT, LOG, 1);
  expect(load).toMatchObject({ answered: 2, failed: 1, seconds: 1, p50Ms: 3 });
  expect(load.examples[0]).toContain("3 done");
});

test("what is no report of h2load is told", () => {
  expect(() => loadOf("no such host", "", 1)).toThrow("no such host");
});

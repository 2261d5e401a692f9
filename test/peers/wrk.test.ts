import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Chain, startChain } from "./chain.ts";
import { Origin } from "./origin.ts";
import { isMissing, runToEnd } from "./program.ts";

describe.skipIf(isMissing("wrk"))("wrk", () => {
  let origin: Origin;
  let chain: Chain;

  beforeAll(async () => {
    origin = await Origin.start();
    chain = await startChain(["fairway"], origin.port);
  });

  afterAll(async () => {
    await chain.stop();
    origin.close();
  });

  test.each([
    ["on connections that it keeps", "/length/100", []],
    ["of many bytes", "/chunked/200000", []],
    ["on a connection each", "/length/100", ["-H", "Connection: close"]],
  ])("gets nothing but right answers %s", async (_, path, args) => {
    const url = `http://127.0.0.1:${chain.port}${path}`;
    const { said, code } = await runToEnd("wrk", ["-t1", "-c64", "-d2s", "--timeout", "20s", ...args, url]);
    expect(code).toBe(0);
    // It names what went wrong, and only that.
    expect(said).not.toMatch(/Non-2xx|Socket errors/);
    expect(Number(/(\d+) requests in/.exec(said)?.[1])).toBeGreaterThan(50);
    expect(origin.aborted).toBeLessThanOrEqual(64);
  });
});

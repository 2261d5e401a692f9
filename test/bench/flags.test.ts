import { expect, test } from "vitest";
import { flagsOf } from "./flags.ts";

const DEFAULTS = { routes: 10, seconds: 0.5 };

test("flags are numbers, and what is not said is by default", () => {
  expect(flagsOf(["--routes", "7", "--json"], "", DEFAULTS)).toEqual({ routes: 7, seconds: 0.5, json: true });
  expect(flagsOf([], "", DEFAULTS)).toEqual({ ...DEFAULTS, json: false });
});

test("what is no number, or no flag, is wrong use", () => {
  for (const args of [["--routes", "many"], ["--routes", ""], ["--rooms", "1"], ["more"]]) {
    expect(() => flagsOf(args, "", DEFAULTS)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_PARSE_ARGS/) }),
    );
  }
});

import { expect, test } from "vitest";
import { HeaderId } from "./header-id.ts";

test("each kind of field has a number of its own", () => {
  const numbers = Object.values(HeaderId);
  expect(new Set(numbers).size).toBe(numbers.length);
});

import { expect, test } from "vitest";
import { isCidr } from "./cidr.ts";

test.for(["10.0.0.7", "10.0.0.0/8", "0.0.0.0/0", "::1", "2001:db8::/32", "::/0", "::ffff:10.0.0.1"])("%s is a range", (text) => {
  expect(isCidr(text)).toBe(true);
});

test.for(["", "10.0.0", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/-1", "::/129", "localhost", "10.0.0.256"])(
  "%s is none",
  (text) => {
    expect(isCidr(text)).toBe(false);
  },
);

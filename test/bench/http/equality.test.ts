import { describe, expect, test } from "vitest";
import { differing, meaningOf } from "./equality.ts";

const REQUEST = "GET /a HTTP/1.1\r\nHost: x\r\nX-Bench: asked\r\nConnection: keep-alive\r\n\r\n";

describe("whether targets do the same work", () => {
  test("the order and case of fields and what is between hops make no difference", () => {
    const other = meaningOf("GET /a HTTP/1.1\r\nx-bench:  asked \r\nhost: x\r\n\r\n");
    expect(differing("here", "there", meaningOf(REQUEST), other)).toEqual([]);
  });

  test("another path is told: a prefix was not taken off", () => {
    const other = meaningOf(REQUEST.replace("/a", "/service-0/a"));
    expect(differing("here", "there", meaningOf(REQUEST), other)).toEqual([
      'here, sees "GET /a HTTP/1.1", with there "GET /service-0/a HTTP/1.1"',
    ]);
  });

  test("a field that one lacks is told, and a value that differs is told from both sides", () => {
    const lacking = meaningOf("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(differing("here", "there", lacking, meaningOf(REQUEST))).toEqual([
      'here, does not see "x-bench: asked", as with there',
    ]);
    const changed = meaningOf(REQUEST.replace("asked", "told"));
    expect(differing("here", "there", changed, meaningOf(REQUEST))).toHaveLength(2);
  });
});

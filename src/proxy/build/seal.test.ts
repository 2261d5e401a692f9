import { expect, test } from "vitest";
import { Seal } from "./seal.ts";

const SECRET = Buffer.alloc(32, "s");
const PLAIN = Buffer.from("a private key");

test("what is sealed can be opened with the same secret and context, and shows nothing", () => {
  const sealed = new Seal(SECRET).close(PLAIN, "context");
  expect(Buffer.from(sealed).includes(PLAIN)).toBe(false);
  expect(Buffer.from(new Seal(SECRET).open(sealed, "context") ?? "")).toEqual(PLAIN);
  expect(new Seal(SECRET).close(PLAIN, "context")).not.toEqual(sealed);
});

test("another secret, another context or another byte opens nothing", () => {
  const sealed = new Seal(SECRET).close(PLAIN, "context");
  expect(new Seal(Buffer.alloc(32, "t")).open(sealed, "context")).toBe(null);
  expect(new Seal(SECRET).open(sealed, "other")).toBe(null);
  for (let i = 0; i < sealed.length; i++) {
    const damaged = Uint8Array.from(sealed);
    damaged[i] = (damaged[i] as number) ^ 1;
    expect(new Seal(SECRET).open(damaged, "context")).toBe(null);
    expect(new Seal(SECRET).open(sealed.subarray(0, i), "context")).toBe(null);
  }
});

test("a short secret is refused", () => {
  expect(() => new Seal(SECRET.subarray(1))).toThrow("the secret has 31 bytes, and needs 32");
});

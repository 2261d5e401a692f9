import { expect, test } from "vitest";
import { makeDefaultCertificate } from "../supervisor/default-certificate.ts";
import { type ContextWish, type KeyPair, SecureContexts } from "./secure-contexts.ts";

const pair = await makeDefaultCertificate(Date.now());
const ticketSecret = Buffer.alloc(48);

function wish(pairsKey: string, rest: Partial<ContextWish> = {}): ContextWish {
  return { pairsKey, pairs: () => [pair], option: null, optionKey: "", ticketSecret, ...rest };
}

test("a context is made once for the same certificates under the same option and ticket secret", () => {
  const contexts = new SecureContexts();
  const first = contexts.get(wish("a"));
  expect(contexts.get(wish("a"))).toBe(first);
  expect(contexts.get(wish("b"))).not.toBe(first);
  expect(contexts.get(wish("a", { optionKey: "x" }))).not.toBe(first);
  expect(contexts.get(wish("a", { ticketSecret: Buffer.alloc(48, 1) }))).not.toBe(first);
});

test("at the limit the one unused for longest goes", () => {
  const contexts = new SecureContexts(2);
  const a = contexts.get(wish("a"));
  const b = contexts.get(wish("b"));
  contexts.get(wish("a"));
  contexts.get(wish("c"));
  expect(contexts.size).toBe(2);
  expect(contexts.get(wish("a"))).toBe(a);
  expect(contexts.get(wish("b"))).not.toBe(b);
});

test("a pair that cannot be used gives none, takes no room, and does not keep another from serving", () => {
  const contexts = new SecureContexts();
  const broken: KeyPair = { chainPem: pair.chainPem, keyPem: "nonsense" };
  expect(contexts.get(wish("x", { pairs: () => [broken] }))).toBeNull();
  expect(contexts.size).toBe(0);
  expect(contexts.get(wish("y", { pairs: () => [broken, pair] }))).not.toBeNull();
});

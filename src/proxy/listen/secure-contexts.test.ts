import { expect, test } from "vitest";
import { makeDefaultCertificate } from "../supervisor/default-certificate.ts";
import { SecureContexts } from "./secure-contexts.ts";

const pair = await makeDefaultCertificate(Date.now());
const KEYS = Buffer.alloc(48);

test("a context is made once for each fingerprint", () => {
  const contexts = new SecureContexts(KEYS);
  expect(contexts.get({ fingerprint: "a", ...pair })).toBe(contexts.get({ fingerprint: "a", ...pair }));
  expect(contexts.get({ fingerprint: "b", ...pair })).not.toBe(contexts.get({ fingerprint: "a", ...pair }));
});

test("at the limit the one unused for longest goes", () => {
  const contexts = new SecureContexts(KEYS, 2);
  const a = contexts.get({ fingerprint: "a", ...pair });
  const b = contexts.get({ fingerprint: "b", ...pair });
  contexts.get({ fingerprint: "a", ...pair });
  contexts.get({ fingerprint: "c", ...pair });
  expect(contexts.size).toBe(2);
  expect(contexts.get({ fingerprint: "a", ...pair })).toBe(a);
  expect(contexts.get({ fingerprint: "b", ...pair })).not.toBe(b);
});

test("a pair that cannot be used gives none, and takes no room", () => {
  const contexts = new SecureContexts(KEYS);
  expect(contexts.get({ fingerprint: "x", chainPem: pair.chainPem, keyPem: "nonsense" })).toBeNull();
  expect(contexts.size).toBe(0);
});

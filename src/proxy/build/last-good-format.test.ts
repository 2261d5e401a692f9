import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeResource, SetHash } from "../../model/encode.ts";
import { resourceId } from "../../model/ids.ts";
import type { EncodedResource } from "../../model/resource.ts";
import { entryPoint, match, router } from "../worker/routing-case.ts";
import { decodeLastGood, encodeLastGood } from "./last-good-format.ts";
import { Seal } from "./seal.ts";

const SEAL = new Seal(Buffer.alloc(32, "s"));
const secret = { kind: "Secret", namespace: "test", name: "tls" };
const certificate = encodeResource({
  id: resourceId("certificate", secret),
  origin: secret,
  names: [],
  chainPem: "CHAIN",
  keyPem: "THE-KEY",
});
const plain = [entryPoint("web"), router("a", match("Host", "a.test"))].map(encodeResource);
const ALL = [...plain, certificate];

function bytesOf(resources: readonly EncodedResource[], seal: Seal | null): Buffer {
  return Buffer.concat([...encodeLastGood(resources, seal).pieces]);
}

function versionOf(resources: readonly EncodedResource[]): string {
  const sum = new SetHash();
  for (const { hash } of resources) sum.add(hash);
  return sum.hex();
}

/** Resources as plain data, whatever kind of byte array they hold. */
function plainly(resources: readonly EncodedResource[]) {
  return resources.map(({ id, format, hash, body }) => ({ id, format, hash: [...hash], body: Buffer.from(body).toString() }));
}

test("a snapshot comes back as it was, its version too", () => {
  const read = decodeLastGood(bytesOf(ALL, SEAL), SEAL);
  if (!read.ok) throw new Error(read.error);
  expect(plainly(read.value.resources)).toEqual(plainly(ALL));
  expect(read.value).toMatchObject({ version: versionOf(ALL), unopened: 0 });
  expect(decodeLastGood(bytesOf([], null), null)).toEqual({
    ok: true,
    value: { version: versionOf([]), resources: [], unopened: 0 },
  });
});

test("private keys are sealed, and without a key certificates are not written at all", () => {
  expect(bytesOf(ALL, SEAL).includes("THE-KEY")).toBe(false);
  const read = decodeLastGood(bytesOf(ALL, null), null);
  if (!read.ok) throw new Error(read.error);
  expect(plainly(read.value.resources)).toEqual(plainly(plain));
  expect(read.value).toMatchObject({ version: versionOf(plain), unopened: 0 });
});

test("certificates that cannot be opened are left out, and the rest is used", () => {
  for (const seal of [null, new Seal(Buffer.alloc(32, "t"))]) {
    const read = decodeLastGood(bytesOf(ALL, SEAL), seal);
    if (!read.ok) throw new Error(read.error);
    expect(plainly(read.value.resources)).toEqual(plainly(plain));
    expect(read.value).toMatchObject({ version: versionOf(plain), unopened: 1 });
  }
});

test("a file that is cut, longer, or changed in any byte is refused, and nothing throws", () => {
  const whole = bytesOf(plain, null);
  for (let length = 0; length < whole.length; length++) expect(decodeLastGood(whole.subarray(0, length), null).ok).toBe(false);
  expect(decodeLastGood(Buffer.concat([whole, Buffer.from("x")]), null)).toEqual({
    ok: false,
    error: "1 bytes follow its last record",
  });
  for (let i = 0; i < whole.length; i++) {
    const damaged = Buffer.from(whole);
    damaged[i] = (damaged[i] as number) ^ 0x10;
    expect(decodeLastGood(damaged, null).ok).toBe(false);
  }
});

test("a file that says what is wrong with it", () => {
  const reason = (bytes: Buffer) => {
    const read = decodeLastGood(bytes, null);
    return read.ok ? null : read.error;
  };
  const whole = bytesOf(plain, null);
  expect(reason(Buffer.from("apiVersion: v1"))).toBe("it does not begin as a snapshot does");
  expect(reason(whole.subarray(0, whole.length - 1))).toBe("it ends within record 2 of 2");
  const damaged = Buffer.from(whole);
  damaged[whole.length - 1] = 0;
  expect(reason(damaged)).toBe(`the bytes of ${plain[1]?.id} are damaged`);
});

test("arbitrary bytes after the magic never throw", () => {
  const head = bytesOf([], null).subarray(0, 29);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (rest) => void decodeLastGood(Buffer.concat([head, rest]), SEAL)));
});

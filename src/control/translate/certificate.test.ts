import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { storedObject } from "../../../test/compile/world-edits.ts";
import { makeSelfSigned } from "../../kernel/self-signed.ts";
import { ObjectStore } from "../store/object-store.ts";
import { translateCertificate } from "./certificate.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const NOW_MS = Date.UTC(2026, 5, 1);
async function makePair(names: readonly string[], { commonName = "test", daysLeft = 90 } = {}) {
  const { chainPem, keyPem } = await makeSelfSigned({
    names,
    commonName,
    notBefore: new Date(NOW_MS - 5 * DAY_MS),
    notAfter: new Date(NOW_MS + daysLeft * DAY_MS),
  });
  return { "tls.crt": chainPem, "tls.key": keyPem };
}

function translate(data: Readonly<Record<string, string>> | null, type = "kubernetes.io/tls") {
  const store = new ObjectStore();
  if (data !== null) {
    const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
    store.apply(storedObject("Secret", "one", "pair", { type, data: Object.fromEntries(encoded) }));
  }
  return translateCertificate("one", "pair", store, NOW_MS, new Map());
}

const refusal = (code: string, message: RegExp) => ({
  face: { status: "refused", obstacle: { code, message: expect.stringMatching(message) } },
  resource: null,
});

test("a pair becomes a certificate with its names, lower case and sorted", async () => {
  const pair = await makePair(["b.test", "*.A.test", "b.test"]);
  const { face, resource, problems } = translate(pair);
  expect(face).toEqual({ status: "ready", id: "certificate:Secret/one/pair/" });
  expect(resource).toMatchObject({ names: ["*.a.test", "b.test"], chainPem: pair["tls.crt"], keyPem: pair["tls.key"] });
  expect(problems).toEqual([]);
});

test("without alternative names the common name counts", async () => {
  expect(translate(await makePair([], { commonName: "Old.test" })).resource).toMatchObject({ names: ["old.test"] });
});

test("with alternative names the common name does not count", async () => {
  expect(translate(await makePair(["new.test"], { commonName: "old.test" })).resource).toMatchObject({ names: ["new.test"] });
});

test.for([
  [13, "The certificate expires on 2026-06-14."],
  [-0.5, "The certificate expired on 2026-05-31."],
] as const)("a certificate with %d days left is served, and told", async ([daysLeft, message]) => {
  const { face, problems } = translate(await makePair(["a.test"], { daysLeft }));
  expect(face.status).toBe("ready");
  expect(problems).toMatchObject([{ code: "CertificateExpiring", severity: "warning", message }]);
});

test("a certificate with 15 days left is not told", async () => {
  expect(translate(await makePair(["a.test"], { daysLeft: 15 })).problems).toEqual([]);
});

test("a Secret that is not there, or of another type, is refused", async () => {
  expect(translate(null)).toMatchObject(refusal("SecretNotFound", /"one\/pair" does not exist/));
  expect(translate(await makePair(["a.test"]), "Opaque")).toMatchObject(refusal("SecretInvalid", /of type "Opaque"/));
});

test("a Secret that is no pair is refused, without showing any of it", async () => {
  const pair = await makePair(["a.test"]);
  const other = await makePair(["a.test"]);
  const encrypted = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" },
  }).privateKey;
  const cases: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ "tls.key": pair["tls.key"] }, /no tls\.crt/],
    [{ "tls.crt": pair["tls.crt"] }, /no tls\.key/],
    [{ ...pair, "tls.crt": "garbage" }, /not a PEM certificate/],
    [{ ...pair, "tls.key": "garbage" }, /not an unencrypted PEM private key/],
    [{ ...pair, "tls.key": encrypted }, /not an unencrypted PEM private key/],
    [{ ...pair, "tls.key": other["tls.key"] }, /does not belong to the first certificate/],
    [
      { ...pair, "tls.crt": `${pair["tls.crt"]}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n` },
      /refused by the TLS library/,
    ],
  ];
  for (const [data, message] of cases) {
    const refused = translate(data);
    expect(refused).toMatchObject(refusal("SecretInvalid", message));
    expect(JSON.stringify(refused)).not.toContain("garbage");
  }
});

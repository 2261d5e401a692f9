import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { expect, test } from "vitest";
import { makeDefaultCertificate } from "./default-certificate.ts";

test("the default certificate is a self-signed P-256 leaf for servers that a TLS context takes", async () => {
  const nowMs = Date.now();
  const { chainPem, keyPem } = await makeDefaultCertificate(nowMs);
  const certificate = new X509Certificate(chainPem);
  expect(certificate.subject).toBe("CN=FAIRWAY DEFAULT CERTIFICATE");
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
  expect(certificate.checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
  expect(Date.parse(certificate.validFrom)).toBeLessThan(nowMs);
  expect(Date.parse(certificate.validTo)).toBeGreaterThan(nowMs + 365 * 86_400_000);
  expect(() => createSecureContext({ cert: chainPem, key: keyPem })).not.toThrow();
});

test("two processes never share a certificate", async () => {
  const [a, b] = await Promise.all([makeDefaultCertificate(0), makeDefaultCertificate(0)]);
  expect(new X509Certificate(a.chainPem).serialNumber).not.toBe(new X509Certificate(b.chainPem).serialNumber);
});

test("a date after 2049 is written as clients expect it", async () => {
  const { chainPem } = await makeDefaultCertificate(Date.parse("2060-01-02T03:04:05Z"));
  expect(new X509Certificate(chainPem).validFrom).toBe("Jan  1 03:04:05 2060 GMT");
});

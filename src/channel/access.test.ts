import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PeerCertificate } from "node:tls";
import { expect, test } from "vitest";
import { accessTo, isSecure, operatorUrlProblem } from "./access.ts";

const SERVICE = "https://fairway-operator.fairway-system.svc:9443";

test("a proxy is told what is wrong with its operator's URL", () => {
  for (const fine of ["http://127.0.0.1:9090", "http://[::1]:9090/", SERVICE, "https://10.0.0.7:9443/"]) {
    expect(operatorUrlProblem(fine), fine).toBeNull();
  }
  expect(operatorUrlProblem("nonsense")).toMatch(/^"nonsense" is not a URL; write it as in https:/);
  expect(operatorUrlProblem("ftp://127.0.0.1:9090")).toMatch(/must begin with https:\/\//);
  expect(operatorUrlProblem("http://127.0.0.1:9090/x")).toMatch(/must name nothing but host and port/);
  expect(operatorUrlProblem("https://name:word@127.0.0.1:9090")).toMatch(/must name nothing but host and port/);
  expect(operatorUrlProblem("http://operator.fairway:9090")).toBe(
    "the channel carries private keys, so http:// is for an operator on a loopback address, and operator.fairway needs https://",
  );
  expect([isSecure(SERVICE), isSecure("http://127.0.0.1:1"), isSecure("")]).toEqual([true, false, false]);
});

test("whoever answers at another address has to have a certificate for the Service", async () => {
  const folder = mkdtempSync(join(tmpdir(), "access-"));
  try {
    const files = { caFile: join(folder, "ca.crt"), tokenFile: join(folder, "token") };
    writeFileSync(files.caFile, "the first authority");
    writeFileSync(files.tokenFile, "abc\n");
    const first = await accessTo("https://10.0.0.7:9443", SERVICE, files);
    if (!first.ok) throw new Error(first.error);
    const { url, headers, tls } = first.value;
    expect({ url, headers, ca: tls.ca, servername: tls.servername }).toEqual({
      url: "https://10.0.0.7:9443",
      headers: { authorization: "Bearer abc" },
      ca: "the first authority",
      servername: "fairway-operator.fairway-system.svc",
    });
    const certificate = (subjectaltname: string) => ({ subject: {}, subjectaltname }) as unknown as PeerCertificate;
    expect(tls.checkServerIdentity?.("10.0.0.7", certificate("DNS:fairway-operator.fairway-system.svc"))).toBeUndefined();
    expect(tls.checkServerIdentity?.("10.0.0.7", certificate("IP Address:10.0.0.7"))).toBeInstanceOf(Error);

    writeFileSync(files.caFile, "the second authority");
    writeFileSync(files.tokenFile, "def");
    const second = await accessTo(SERVICE, SERVICE, files);
    expect(second.ok && [second.value.tls.ca, second.value.headers.authorization]).toEqual([
      "the second authority",
      "Bearer def",
    ]);
    rmSync(files.tokenFile);
    const third = await accessTo(SERVICE, SERVICE, files);
    expect(third.ok ? "" : third.error).toMatch(/^what is needed to reach the operator cannot be read: ENOENT/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

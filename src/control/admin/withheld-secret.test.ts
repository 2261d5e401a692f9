import { expect, test } from "vitest";
import { makeSelfSigned } from "../../kernel/self-signed.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { certificateObstacle } from "../translate/certificate.ts";
import { withheldSecret } from "./withheld-secret.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

function secret(type: string, values: Readonly<Record<string, string>>): StoredObject {
  return {
    ref: { kind: "Secret", namespace: "shop", name: "tls" },
    apiVersion: "v1",
    generation: 0,
    createdAtMs: null,
    deleting: false,
    labels: {},
    annotations: { "fairway.dev/note": "secret too" },
    body: { type, data: Object.fromEntries(Object.entries(values).map(([name, text]) => [name, base64(text)])) },
  };
}

async function pair(): Promise<{ readonly chainPem: string; readonly keyPem: string }> {
  const [notBefore, notAfter] = [new Date(Date.now() - 1_000), new Date(Date.now() + 60_000)];
  return makeSelfSigned({ commonName: "a.test", names: ["a.test"], notBefore, notAfter });
}

test("of a certificate the chain is shown, and what was found of its key, which is not", async () => {
  const { chainPem, keyPem } = await pair();
  const shown = withheldSecret(secret("kubernetes.io/tls", { "tls.crt": chainPem, "tls.key": keyPem, more: "secret" }));
  expect(shown.body).toEqual({ type: "kubernetes.io/tls", data: { "tls.crt": base64(chainPem), "tls.key": "", more: "" } });
  expect(shown.withheld).toEqual({ obstacle: null });
  expect(JSON.stringify(shown)).not.toContain("secret");
  expect(certificateObstacle(shown)).toBeNull();
});

test("a key that does not fit is told as its owner would tell it", async () => {
  const [{ chainPem }, { keyPem }] = [await pair(), await pair()];
  const stored = secret("kubernetes.io/tls", { "tls.crt": chainPem, "tls.key": keyPem });
  expect(certificateObstacle(withheldSecret(stored))).toBe(certificateObstacle(stored));
  expect(certificateObstacle(stored)).toContain("does not belong");
});

test("of any other Secret no value is shown, whatever its name", () => {
  const shown = withheldSecret(secret("Opaque", { "ca.crt": "a password", users: "admin:x" }));
  expect(shown.body).toEqual({ type: "Opaque", data: { "ca.crt": "", users: "" } });
  expect(certificateObstacle(shown)).toContain("is of type");
});

test("certificates of authorities are shown, as long as there is nothing else beside them under their name", async () => {
  const { chainPem, keyPem } = await pair();
  const shown = withheldSecret(secret("Opaque", { "ca.crt": chainPem, "tls.ca": chainPem + keyPem, other: chainPem }));
  expect(shown.body).toEqual({ type: "Opaque", data: { "ca.crt": base64(chainPem), "tls.ca": "", other: "" } });
});

test("objects of other kinds are as they are", () => {
  const object = { ...secret("x", {}), ref: { kind: "ConfigMap", namespace: "shop", name: "x" } };
  expect(withheldSecret(object)).toBe(object);
});

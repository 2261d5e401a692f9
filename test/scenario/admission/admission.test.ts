import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type CertificatePem, makeSelfSigned } from "../../../src/kernel/self-signed.ts";
import { FairwayProcess } from "../dev/fairway-process.ts";

let folder: string;
let certificate: CertificatePem;
let webhook: FairwayProcess;
let port: number;
let admin: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fairway-admission-"));
  const [notBefore, notAfter] = [new Date(Date.now() - 60_000), new Date(Date.now() + 3_600_000)];
  certificate = await makeSelfSigned({ commonName: "webhook", names: ["localhost"], notBefore, notAfter });
  const [crt, key] = [join(folder, "tls.crt"), join(folder, "tls.key")];
  writeFileSync(crt, certificate.chainPem);
  writeFileSync(key, certificate.keyPem);
  const flags = ["--certificate", crt, "--key", key, "--class", "public"];
  webhook = new FairwayProcess("admission", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", ...flags);
  port = (await webhook.event("reviewing")).port;
  admin = (await webhook.event("admin")).port;
});

afterAll(async () => {
  await webhook?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

function post(body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path: "/validate?timeout=2s", method: "POST", servername: "localhost" };
    const asked = request({ ...options, ca: certificate.chainPem }, async (response) => {
      let text = "";
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode ?? 0, text });
    });
    asked.once("error", reject);
    asked.end(body);
  });
}

interface Review {
  readonly allowed: boolean;
  readonly status?: { readonly message: string };
  readonly warnings?: readonly string[];
}

/** Asks until it is judged: on a machine that is busy a review may take too long. */
async function review(object: object, more: object = {}): Promise<Review> {
  const asked = { uid: "u", operation: "CREATE", object, oldObject: null, dryRun: true, ...more };
  const body = JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request: asked });
  return vi.waitFor(
    async () => {
      const { status, text } = await post(body);
      expect(status).toBe(200);
      return (JSON.parse(text) as { response: Review }).response;
    },
    { timeout: 20_000, interval: 200 },
  );
}

function route(match: string): object {
  return {
    apiVersion: "fairway.dev/v1alpha1",
    kind: "IngressRoute",
    metadata: { name: "shop", namespace: "shop" },
    spec: { routes: [{ match, services: [{ name: "web", port: 80 }] }] },
  };
}

test("reviews come over HTTPS, with their answers: allowed, refused with the reason, warned", async () => {
  expect(await review(route("Host(`a.test`)"))).toEqual({ uid: "u", allowed: true });
  const refused = await review(route("Host(`a.test`"));
  expect(refused.allowed).toBe(false);
  expect(refused.status?.message).toMatch(/^InvalidRule spec\.routes\[0\]\.match: /);
  const warned = await review(route("Host(`a.test`"), { operation: "UPDATE", oldObject: route("Host(`a.test`") });
  expect(warned).toMatchObject({ allowed: true, warnings: [expect.stringContaining("InvalidRule")] });
});

test("an object of the largest size is judged in time", async () => {
  const routes = Array.from({ length: 500 }, (_, index) => ({
    match: `Host(\`host-${index}.test\`) && PathPrefix(\`/${"x".repeat(500)}\`)`,
    services: [{ name: "web", port: 80 }],
  }));
  expect(await review({ ...route(""), spec: { routes } })).toMatchObject({ allowed: true });
});

test("what is no review is refused, and the next one is answered", async () => {
  expect((await post("not json")).status).toBe(400);
  expect(await review(route("Host(`b.test`)"))).toMatchObject({ allowed: true });
});

test("its admin port is ready, and counts reviews by what became of them", async () => {
  expect((await fetch(`http://127.0.0.1:${admin}/readyz`)).status).toBe(200);
  const metrics = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
  expect(metrics).toMatch(/^fairway_admission_reviews_total\{result="denied"\} [1-9]/m);
  expect(metrics).toMatch(/^fairway_admission_reviews_total\{result="unreadable"\} 1$/m);
});

test("a signal ends it", async () => {
  webhook.signal("SIGTERM");
  expect(await webhook.exit()).toBe(0);
});

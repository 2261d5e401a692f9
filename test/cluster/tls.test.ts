import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { CertificatePem } from "../../src/kernel/self-signed.ts";
import { TestAuthority } from "../scenario/tls/authority.ts";
import { onInstalledCluster } from "./installed-cluster.ts";
import { pause, underLoad } from "./under-load.ts";

const cluster = onInstalledCluster();

const FAIRWAY = "fairway.dev/v1alpha1";
const HOST = "secure.example";
const URL = `https://${HOST}/`;

const [servers, clients] = [await TestAuthority.make("servers"), await TestAuthority.make("clients")];
const client = await clients.issue("client");
const stranger = await servers.issue("stranger");
const serverPair = () => servers.issue(HOST, { names: [HOST] });

const folder = mkdtempSync(join(tmpdir(), "fairway-tls-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What curl is told to show a certificate. */
function showing(name: string, { chainPem, keyPem }: CertificatePem): readonly string[] {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  writeFileSync(cert, chainPem);
  writeFileSync(key, keyPem);
  return ["--cert", cert, "--key", key];
}

const siteSecret = ({ chainPem, keyPem }: CertificatePem) => ({
  apiVersion: "v1",
  kind: "Secret",
  type: "kubernetes.io/tls",
  metadata: { name: "site" },
  stringData: { "tls.crt": chainPem, "tls.key": keyPem },
});

const authorities = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "clients" },
  stringData: { "ca.crt": clients.certificatePem },
};

const option = {
  apiVersion: FAIRWAY,
  kind: "TLSOption",
  metadata: { name: "mutual" },
  spec: { minVersion: "VersionTLS13", clientAuth: { secretNames: ["clients"] } },
};

const route = {
  apiVersion: FAIRWAY,
  kind: "IngressRoute",
  metadata: { name: "secure" },
  spec: {
    ingressClassName: "fairway",
    tls: { secretName: "site", options: { name: "mutual" } },
    routes: [{ match: `Host(\`${HOST}\`)`, services: [{ name: "secure", port: 80 }] }],
  },
};

interface Status {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly problems?: readonly { readonly code: string; readonly message: string }[];
  readonly controllers?: readonly Status[];
}

async function statusOf(object: string): Promise<Status> {
  const { status } = JSON.parse(await cluster.ok("get", object, "--output=json")) as { readonly status: Status };
  return status.controllers?.[0] ?? status;
}

const condition = ({ conditions = [] }: Status, type: string) => conditions.find((one) => one.type === type)?.status;

describe("an IngressRoute that requires client certificates", () => {
  test("serves curl over HTTP/2 with the right one, and nobody without, with another's, or on plaintext", async () => {
    await cluster.echo("secure");
    await cluster.apply([siteSecret(await serverPair()), authorities, option, route]);
    await cluster.ok("wait", "--for=condition=Programmed", "ingressroute/secure", "--timeout=30s");
    const right = showing("client", client);
    const answer = await vi.waitFor(() => cluster.curl(URL, ...right), { timeout: 10_000 });
    expect(answer.status).toBe(200);
    expect((await cluster.curl(URL, "--http2", "--write-out", "%{http_version}", ...right)).body).toMatch(/}\s*2$/);
    expect((await cluster.curl(URL, "--http1.1", "--write-out", "%{http_version}", ...right)).body).toMatch(/}\s*1\.1$/);
    await expect(cluster.curl(URL)).rejects.toThrow();
    await expect(cluster.curl(URL, ...showing("stranger", stranger))).rejects.toThrow();
    await expect(cluster.curl(URL, "--tls-max", "1.2", ...right)).rejects.toThrow();
    expect((await cluster.curl(`http://${HOST}/`)).status).toBe(404);
    await vi.waitFor(
      async () => {
        const said = await statusOf("tlsoption/mutual");
        expect([condition(said, "Accepted"), condition(said, "ResolvedRefs")]).toEqual(["True", "True"]);
      },
      { timeout: 20_000 },
    );
  });

  test("loses no request while its Secret is replaced again and again", async () => {
    const pairs = await Promise.all(Array.from({ length: 10 }, serverPair));
    const tls = { cert: client.chainPem, key: client.keyPem, ca: servers.certificatePem };
    const rotate = async () => {
      for (const pair of pairs) {
        await cluster.apply([siteSecret(pair)]);
        await pause(300);
      }
    };
    const { "200": served = 0, ...others } = await underLoad(cluster, HOST, rotate, tls);
    expect(others).toEqual({});
    expect(served).toBeGreaterThan(100);
  });

  test("says that its Secret is broken, and goes on with the pair before", async () => {
    const [one, other] = await Promise.all([serverPair(), serverPair()]);
    await cluster.apply([siteSecret({ chainPem: one.chainPem, keyPem: other.keyPem })]);
    await vi.waitFor(
      async () => {
        const said = await statusOf("ingressroute/secure");
        expect(condition(said, "ResolvedRefs")).toBe("False");
        expect(said.problems).toMatchObject([
          { code: "SecretInvalid", message: expect.stringContaining("the last good certificate stays") },
        ]);
      },
      { timeout: 20_000 },
    );
    const right = showing("client", client);
    expect((await cluster.curl(URL, ...right)).status).toBe(200);
    await expect(cluster.curl(URL)).rejects.toThrow();
    await cluster.apply([siteSecret(one)]);
    await vi.waitFor(async () => expect(condition(await statusOf("ingressroute/secure"), "ResolvedRefs")).toBe("True"), {
      timeout: 20_000,
    });
  });

  test("takes no connection while the Secret with its authorities is gone, and the option says so", async () => {
    await cluster.ok("delete", "secret/clients");
    await vi.waitFor(
      async () => expect((await statusOf("tlsoption/mutual")).problems).toMatchObject([{ code: "SecretNotFound" }]),
      { timeout: 20_000 },
    );
    const right = showing("client", client);
    await vi.waitFor(
      async () =>
        expect(
          await cluster.curl(URL, ...right).then(
            () => "served",
            () => "refused",
          ),
        ).toBe("refused"),
      {
        timeout: 10_000,
      },
    );
    await cluster.apply([authorities]);
    await vi.waitFor(async () => expect((await cluster.curl(URL, ...right)).status).toBe(200), { timeout: 20_000 });
  });
});

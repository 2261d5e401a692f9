import { describe, expect, test, vi } from "vitest";
import { onInstalledCluster } from "./installed-cluster.ts";

const cluster = onInstalledCluster();

const route = (host: string) => ({
  apiVersion: "fairway.dev/v1alpha1",
  kind: "IngressRoute",
  metadata: { name: "first" },
  spec: { ingressClassName: "fairway", routes: [{ match: `Host(\`${host}\`)`, services: [{ name: "first", port: 80 }] }] },
});

describe("a first route", () => {
  test("is served once it is applied, by the Pods of its Service", async () => {
    await cluster.echo("first", { replicas: 2 });
    await cluster.apply([route("first.test")]);
    await cluster.ok("wait", "--for=condition=Programmed", "ingressroute/first", "--timeout=20s");
    const servers = new Set<string>();
    await vi.waitFor(
      async () => {
        const { status, body } = await cluster.curl("http://first.test/hello?a=b");
        expect(status).toBe(200);
        const echo = JSON.parse(body) as { server: string; path: string; host: string };
        expect(echo).toMatchObject({ path: "/hello?a=b", host: "first.test" });
        servers.add(echo.server);
        expect(servers.size).toBe(2);
      },
      { timeout: 10_000 },
    );
    for (const server of servers) expect(server).toMatch(/^first-/);
  });

  test("goes elsewhere once it is edited", async () => {
    await cluster.apply([route("edited.test")]);
    await vi.waitFor(async () => expect((await cluster.curl("http://edited.test/")).status).toBe(200), { timeout: 10_000 });
    expect((await cluster.curl("http://first.test/")).status).toBe(404);
  });

  test("is gone once it is deleted", async () => {
    await cluster.ok("delete", "ingressroute/first");
    await vi.waitFor(async () => expect((await cluster.curl("http://edited.test/")).status).toBe(404), { timeout: 10_000 });
  });
});

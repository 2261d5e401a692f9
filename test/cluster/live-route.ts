import { expect, vi } from "vitest";
import type { InstalledCluster } from "./installed-cluster.ts";
import { underLoad } from "./under-load.ts";

/** How long a change may take until it is live: a Lease of 15 s, and watches that are opened again with a pause that grows. */
export const LIVE = { timeout: 60_000, interval: 500 };

/** An IngressRoute of class fairway from a host to a Service's port 80. */
export function hostRoute(name: string, host: string, service = "web"): object {
  return {
    apiVersion: "fairway.dev/v1alpha1",
    kind: "IngressRoute",
    metadata: { name },
    spec: { ingressClassName: "fairway", routes: [{ match: `Host(\`${host}\`)`, services: [{ name: service, port: 80 }] }] },
  };
}

/** What a host's root answers with. */
export async function statusOf(cluster: InstalledCluster, host: string): Promise<number> {
  return (await cluster.curl(`http://${host}/`)).status;
}

/** A new route to the Service `web` is live after a while, whoever publishes it. */
export async function expectLive(cluster: InstalledCluster, name: string): Promise<void> {
  await cluster.apply([hostRoute(name, `${name}.test`)]);
  await vi.waitFor(async () => expect(await statusOf(cluster, `${name}.test`)).toBe(200), LIVE);
}

/** Does something while a host is asked without pause; no request may notice. */
export async function unnoticed(cluster: InstalledCluster, host: string, done: () => Promise<void>): Promise<void> {
  const { "200": served = 0, ...others } = await underLoad(cluster, host, done);
  expect(served).toBeGreaterThan(0);
  expect(others).toEqual({});
}

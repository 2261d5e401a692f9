import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { ANY, entryPoint, route, TestProxy, Upstream } from "../http1/harness.ts";
import { afterTest } from "../http1/set-up.ts";

const run = promisify(execFile);
const isThere = await run("h2load", ["--version"]).then(
  () => true,
  () => false,
);

beforeAll(() => {
  if (!isThere) console.warn("SKIPPED: no h2load and nghttp here (Debian: nghttp2-client)");
});

async function proxyWith(body: string, tls = false): Promise<TestProxy> {
  const upstream = await Upstream.answering(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  afterTest(() => upstream.close());
  const proxy = await TestProxy.start({}, [entryPoint("web", { tls }), ...route("app", ANY, [upstream.server])]);
  afterTest(() => proxy.close());
  return proxy;
}

test.skipIf(!isThere).for(["plaintext", "TLS"])(
  "h2load over %s: every request of many streams on many connections is answered",
  async (transport) => {
    const proxy = await proxyWith("hello", transport === "TLS");
    const url = `${transport === "TLS" ? "https" : "http"}://127.0.0.1:${proxy.port()}/`;
    const { stdout } = await run("h2load", ["-n", "2000", "-c", "8", "-m", "32", url]);
    expect(stdout).toContain("requests: 2000 total, 2000 started, 2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout");
    expect(stdout).toContain("status codes: 2000 2xx, 0 3xx, 0 4xx, 0 5xx");
  },
);

test.skipIf(!isThere)("h2load: large bodies arrive whole through small windows", async () => {
  const proxy = await proxyWith("x".repeat(200_000));
  const { stdout } = await run("h2load", ["-n", "50", "-c", "2", "-m", "10", "-w", "14", `http://127.0.0.1:${proxy.port()}/`]);
  expect(stdout).toContain("50 succeeded, 0 failed");
  expect(stdout).toMatch(/10000000\) data/);
});

test.skipIf(!isThere)("nghttp: many requests on one connection, each with its own answer", async () => {
  const proxy = await proxyWith("hello");
  const url = `http://127.0.0.1:${proxy.port()}`;
  const { stdout } = await run("nghttp", ["-nv", "-m", "20", `${url}/a`, `${url}/b`]);
  expect(stdout.match(/:status: 200/g)).toHaveLength(40);
  expect(proxy.count("connectionsAccepted")).toBe(1);
});

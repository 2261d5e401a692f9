import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { ask, Load } from "./ask.ts";
import { FairwayProcess } from "./fairway-process.ts";
import { ManifestFolder, route, service, Upstream } from "./manifests.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Halves {
  readonly manifests: ManifestFolder;
  readonly operator: FairwayProcess;
  readonly proxy: FairwayProcess;
  readonly url: string;
  readonly state: string;
  readonly web: number;
}

function fairway(...args: readonly string[]): FairwayProcess {
  const started = new FairwayProcess(...args);
  cleanups.push(() => started.stop());
  return started;
}

function proxyArgs(url: string, state: string): readonly string[] {
  const drain = ["--drain-delay", "0.3", "--drain-deadline", "5"];
  return [
    "proxy",
    "--operator",
    url,
    "--class",
    "fairway",
    "--state",
    state,
    "--workers",
    "2",
    ...drain,
    "--admin",
    "127.0.0.1:0",
  ];
}

async function operatorOf(
  manifests: ManifestFolder,
  port = 0,
): Promise<{ readonly operator: FairwayProcess; readonly url: string }> {
  const listen = ["--listen", `127.0.0.1:${port}`, "--entrypoint", "web=127.0.0.1:0"];
  const operator = fairway("operator", "--manifests", manifests.path, ...listen);
  const serving = await operator.event("serving");
  return { operator, url: `http://127.0.0.1:${serving.port}` };
}

/** An operator and a proxy as processes, with one host served by one upstream. */
async function halves(pauseMs = 0): Promise<Halves> {
  const manifests = new ManifestFolder();
  const state = mkdtempSync(join(tmpdir(), "fairway-state-"));
  const upstream = await Upstream.start("blue", pauseMs);
  cleanups.push(
    () => manifests.delete(),
    () => rmSync(state, { recursive: true, force: true }),
    () => upstream.close(),
  );
  manifests.write("blue.yaml", service("blue", upstream.port));
  manifests.write("site.yaml", route("site.localhost", "blue"));
  const { operator, url } = await operatorOf(manifests);
  const proxy = fairway(...proxyArgs(url, state));
  await proxy.event("live");
  return { manifests, operator, proxy, url, state, web: await proxy.port("web") };
}

async function readiness(proxy: FairwayProcess): Promise<string> {
  const { port } = await proxy.event("admin");
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  return `${response.status} ${(await response.text()).trim()}`;
}

test("killing the operator leaves traffic untouched, and a new operator is found", async () => {
  const { manifests, operator, proxy, url, web } = await halves();
  const load = new Load(web, "site.localhost", 8);
  operator.signal("SIGKILL");
  await proxy.event("operatorLost");
  const before = load.count;
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(load.count).toBeGreaterThan(before);
  expect(await readiness(proxy)).toBe("200 ok");

  manifests.write("second.yaml", route("second.localhost", "blue", "second"));
  await operatorOf(manifests, Number(new URL(url).port));
  await proxy.event("live", () => true, 2);
  expect((await ask(web, { host: "second.localhost" })).body).toBe("blue");
  expect([...(await load.stop()).keys()]).toEqual(["200 blue"]);
});

test("a proxy that is started without an operator serves the last good snapshot from disk", async () => {
  const { operator, proxy, url, state } = await halves();
  const { version } = await proxy.event("live");
  await operator.stop();
  proxy.signal("SIGTERM");
  expect(await proxy.exit()).toBe(0);

  const alone = fairway(...proxyArgs(url, state));
  expect(await alone.event("restored")).toMatchObject({ version });
  const web = await alone.port("web");
  expect((await ask(web, { host: "site.localhost" })).body).toBe("blue");
  expect(await readiness(alone)).toBe("200 ok");
  expect(alone.of("operatorConnected")).toEqual([]);
});

test("a proxy that ends without warning has on disk what was live for a few seconds", async () => {
  const { operator, proxy, url, state } = await halves();
  const { version } = await proxy.event("live");
  await operator.stop();
  await expect.poll(() => existsSync(join(state, "last-good.snapshot")), { timeout: 10_000 }).toBe(true);
  proxy.signal("SIGKILL");
  await proxy.exit();
  expect(await fairway(...proxyArgs(url, state)).event("restored")).toMatchObject({ version });
});

test("a proxy that comes back with a snapshot gets only what changed meanwhile", async () => {
  const { manifests, operator, proxy, url, state } = await halves();
  proxy.signal("SIGTERM");
  await proxy.exit();
  manifests.write("second.yaml", route("second.localhost", "blue", "second"));
  await operator.event("published", () => true, 2);
  const back = fairway(...proxyArgs(url, state));
  const live = await back.event("live");
  expect(live.version).toBe((await operator.event("published", () => true, 2)).version);
  expect((await ask(await back.port("web"), { host: "second.localhost" })).body).toBe("blue");
  expect(back.of("rejected")).toEqual([]);
});

test("SIGTERM loses no request: what is under way ends well, and connections are closed politely", async () => {
  const { manifests, proxy, web } = await halves(100);
  const slow = await Upstream.start("slow", 3_500);
  cleanups.push(() => slow.close());
  manifests.write("slow.yaml", `${service("slow", slow.port)}---\n${route("slow.localhost", "slow", "slow")}`);
  await proxy.event("live", () => true, 2);
  const load = new Load(web, "site.localhost", 16);
  // Still under way when the listeners close, 300 ms and then 2 s without a connection later.
  const longest = ask(web, { host: "slow.localhost" });
  await new Promise((resolve) => setTimeout(resolve, 300));
  proxy.signal("SIGTERM");
  await proxy.event("draining");
  expect(await readiness(proxy)).toBe("503 draining");
  expect(await ask(web, { host: "site.localhost" })).toEqual({ status: 200, body: "blue", connection: "close" });
  await new Promise((resolve) => setTimeout(resolve, 500));
  const answers = await load.stop();
  expect(load.count).toBeGreaterThan(50);
  expect([...answers.keys()]).toEqual(["200 blue"]);
  expect(await longest).toMatchObject({ status: 200, body: "slow" });
  expect(await proxy.exit()).toBe(0);
});

import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { ask } from "./ask.ts";
import { FairwayProcess } from "./fairway-process.ts";
import { ManifestFolder, route, service, Upstream } from "./manifests.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function folder(): ManifestFolder {
  const made = new ManifestFolder();
  cleanups.push(() => made.delete());
  return made;
}

async function upstream(name: string): Promise<Upstream> {
  const started = await Upstream.start(name);
  cleanups.push(() => started.close());
  return started;
}

function fairway(...args: readonly string[]): FairwayProcess {
  const started = new FairwayProcess(...args);
  cleanups.push(() => started.stop());
  return started;
}

/** The router of the IngressRoute `site`. */
const SITE = /^router:IngressRoute\/default\/site\//;

const WEB = ["--entrypoint", "web=127.0.0.1:0", "--workers", "2"] as const;

test("a folder is served, a saved file is live at once, and Ctrl-C ends it", async () => {
  const manifests = folder();
  const [blue, green] = [await upstream("blue"), await upstream("green")];
  manifests.write("blue.yaml", service("blue", blue.port));
  manifests.write("green.yaml", service("green", green.port));
  manifests.write("site.yaml", route("site.localhost", "blue"));
  const dev = fairway("dev", manifests.path, ...WEB, "--entrypoint", "secure=127.0.0.1:0,tls");
  const loaded = await dev.event("loaded");
  expect(loaded).toMatchObject({ directory: manifests.path, files: 3, objects: 5 });
  const first = await dev.event("live");
  expect(first).toMatchObject({ objects: 5, routers: [expect.stringMatching(SITE)], refused: [] });
  const [web, secure] = [await dev.port("web"), await dev.port("secure")];
  expect(await ask(web, { host: "site.localhost" })).toMatchObject({ status: 200, body: "blue" });
  expect(await ask(secure, { host: "site.localhost", tls: true })).toMatchObject({ status: 200, body: "blue" });
  expect((await ask(web, { host: "other.localhost" })).status).toBe(404);

  manifests.write("site.yaml", route("site.localhost", "green"));
  const second = await dev.event("live", ({ version }) => version !== first.version);
  expect(second).toMatchObject({ objects: 1, routers: [expect.stringMatching(SITE)] });
  expect(second.ms).toBeGreaterThan(0);
  expect(second.ms).toBeLessThan(2_000);
  for (let i = 0; i < 10; i++) expect((await ask(web, { host: "site.localhost" })).body).toBe("green");

  dev.signal("SIGINT");
  expect(await dev.exit()).toBe(0);
  expect(dev.stderr).toBe("");
});

test("a file that breaks is told with its line, what it held goes on working, and the repair is told too", async () => {
  const manifests = folder();
  const blue = await upstream("blue");
  manifests.write("blue.yaml", service("blue", blue.port));
  manifests.write("site.yaml", route("site.localhost", "blue"));
  const dev = fairway("dev", manifests.path, ...WEB);
  await dev.event("live");
  const web = await dev.port("web");

  manifests.write("site.yaml", `${route("site.localhost", "blue")}  broken: [\n`);
  const problem = await dev.event("problem");
  expect(problem).toMatchObject({ severity: "error", code: "InvalidYAML", file: `${manifests.path}/site.yaml` });
  expect(problem.line).toBeGreaterThan(1);
  expect((await ask(web, { host: "site.localhost" })).body).toBe("blue");

  manifests.write("site.yaml", route("site.localhost", "blue"));
  expect(await dev.event("problemSolved")).toMatchObject({ code: "InvalidYAML" });

  manifests.write("other.yaml", route("other.localhost", "missing", "other"));
  const missing = await dev.event("problem", ({ code }) => code === "ServiceNotFound");
  expect(missing).toMatchObject({
    file: `${manifests.path}/other.yaml`,
    object: { kind: "IngressRoute", namespace: "default", name: "other" },
    field: "spec.routes[0].services[0]",
    line: 9,
  });
  await dev.event("live", ({ routers }) => routers?.some((id) => id.startsWith("router:IngressRoute/default/other/")) ?? false);
  expect((await ask(web, { host: "other.localhost" })).status).toBe(503);
  expect((await ask(web, { host: "site.localhost" })).body).toBe("blue");
});

test("a port already in use is told with entry point and address, and the other entry points are served", async () => {
  const rival = createServer().listen(0, "127.0.0.1");
  await once(rival, "listening");
  cleanups.push(() => rival.close());
  const { port } = rival.address() as { readonly port: number };
  const manifests = folder();
  manifests.write("site.yaml", route("site.localhost", "missing"));
  const dev = fairway("dev", manifests.path, ...WEB, "--entrypoint", `taken=127.0.0.1:${port}`);
  expect((await dev.event("entryPointFailed")).message).toBe(`entry point "taken": 127.0.0.1:${port} is already in use`);
  expect((await ask(await dev.port("web"), { host: "site.localhost" })).status).toBe(503);
});

test("only objects of the classes named are served, several of them at once", async () => {
  const manifests = folder();
  const blue = await upstream("blue");
  manifests.write("blue.yaml", service("blue", blue.port));
  for (const name of ["a", "b", "c"]) {
    const classed = route(`${name}.localhost`, "blue", name).replace("spec:", `spec:\n  ingressClassName: class-${name}`);
    manifests.write(`${name}.yaml`, classed);
  }
  const dev = fairway("dev", manifests.path, ...WEB, "--class", "class-a", "--class", "class-b");
  await dev.event("live");
  const web = await dev.port("web");
  const statuses = await Promise.all(["a", "b", "c"].map(async (name) => (await ask(web, { host: `${name}.localhost` })).status));
  expect(statuses).toEqual([200, 200, 404]);
});

test("wrong use is one line and exit code 2", async () => {
  const rival = createServer().listen(0, "127.0.0.1");
  await once(rival, "listening");
  cleanups.push(() => rival.close());
  const { port } = rival.address() as { readonly port: number };
  const manifests = folder();
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["dev", "/does/not/exist"], 'error: "/does/not/exist" is not a folder\n'],
    [
      ["operator", "--manifests", manifests.path, "--listen", ":9090"],
      "error: the channel is plaintext and carries private keys, so it is only offered on a loopback address, not on all addresses\n",
    ],
    [
      ["operator", "--manifests", manifests.path, "--listen", `127.0.0.1:${port}`],
      `error: operator port: 127.0.0.1:${port} is already in use\n`,
    ],
    [["dev", manifests.path, ...WEB, "--admin", `127.0.0.1:${port}`], `error: admin port: 127.0.0.1:${port} is already in use\n`],
  ];
  for (const [args, message] of cases) {
    const command = fairway(...args);
    expect(await command.exit()).toBe(2);
    expect(command.stderr).toBe(message);
  }
});

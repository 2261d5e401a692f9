import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../../hack/build.ts";
import { type EchoServer, startEchoServer } from "../../../hack/demo/echo-server.ts";

const ROOT = join(import.meta.dirname, "../../..");
const VERSION = (JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")) as { version: string }).version;

/** No folder above it has a node_modules. */
const folder = mkdtempSync(join(tmpdir(), "fairway-package-"));
const dist = join(folder, "dist");

beforeAll(async () => {
  await build(dist);
  cpSync(`${ROOT}/config/samples/demo`, join(folder, "demo"), { recursive: true });
});

afterAll(() => rmSync(folder, { recursive: true }));

function fairway(...args: readonly string[]): string {
  return execFileSync(process.execPath, [join(dist, "main.js"), ...args], { cwd: folder, encoding: "utf8" });
}

describe("the bundle, where there is no node_modules", () => {
  test("says its version", () => {
    expect(fairway("--version").trim()).toBe(VERSION);
  });

  test.each(readdirSync(`${ROOT}/src/cmd`).filter((file) => isCommand(file)))("has the command of %s", (file) => {
    expect(fairway(file.replace(".ts", ""), "--help")).toContain(`Usage: fairway ${file.replace(".ts", "")} `);
  });

  test("checks manifests with the schemas it ships, our kinds' and Kubernetes' own", () => {
    expect(fairway("check", "demo")).toMatch(/^\d+ objects, 0 errors, 0 warnings/);
  });

  test("starts its threads and serves a request", async () => {
    const upstream = await startEchoServer("web");
    try {
      expect(await servedBody(upstream)).toContain('"path": "/hello"');
    } finally {
      await upstream.close();
    }
  });

  test("names whose code it holds, and on which terms", () => {
    const licences = readFileSync(join(dist, "LICENSES-OF-OTHERS"), "utf8");
    for (const name of ["commander", "ajv", "re2js", "pino"]) expect(licences).toMatch(new RegExp(`^${name} [0-9.]+: MIT$`, "m"));
    expect(licences).not.toMatch(/see its text|undefined/);
  });
});

describe("the package for npm", () => {
  test("installs offline, since it depends on nothing, and brings the command", () => {
    const [tarball = ""] = npm(folder, "pack", dist).trim().split("\n").slice(-1);
    const installed = join(folder, "installed");
    mkdirSync(installed);
    npm(installed, "install", "--offline", "--ignore-scripts", "--omit=dev", "--prefix", installed, join(folder, tarball));
    expect(readdirSync(join(installed, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["fairway"]);
    const command = join(installed, "node_modules/.bin/fairway");
    expect(onNode26(command, "--version").trim()).toBe(VERSION);
    expect(onNode26(command, "check", join(folder, "demo"))).toMatch(/ 0 errors/);
  });

  test("made of the checkout holds the bundle and no source", () => {
    const [packed] = JSON.parse(npm(ROOT, "pack", "--dry-run", "--ignore-scripts", "--json")) as { files: { path: string }[] }[];
    const paths = packed?.files.map((file) => file.path) ?? [];
    const { bin, scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8"));
    expect([bin.fairway, scripts.prepack]).toEqual(["dist/main.js", "node hack/build.ts"]);
    expect(paths.filter((path) => !/^(dist\/.*|package\.json|README\.md|LICENSE)$/.test(path) || path.endsWith(".tar"))).toEqual(
      [],
    );
  });
});

function isCommand(file: string): boolean {
  if (!file.endsWith(".ts") || file.includes(".test.")) return false;
  return readFileSync(`${ROOT}/src/cmd/${file}`, "utf8").includes("export function command(): Command");
}

function npm(cwd: string, ...args: readonly string[]): string {
  return execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** The command as a shell finds it, with this Node before any other. */
function onNode26(command: string, ...args: readonly string[]): string {
  const PATH = `${join(process.execPath, "..")}:${process.env.PATH}`;
  return execFileSync(command, args, { encoding: "utf8", env: { ...process.env, PATH } });
}

/** What the demo's route for everything else answers, from the bundle's own proxy. */
async function servedBody(upstream: EchoServer): Promise<string> {
  const manifests = join(folder, "served");
  mkdirSync(manifests);
  writeFileSync(join(manifests, "route.yaml"), route(upstream.port));
  const flags = ["--entrypoint", "web=127.0.0.1:0", "--workers", "1", "--events", "json"];
  const dev = spawn(process.execPath, [join(dist, "main.js"), "dev", manifests, ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(dev, "exit");
  try {
    const port = await livePort(createInterface(dev.stdout));
    return await (await fetch(`http://127.0.0.1:${port}/hello`)).text();
  } finally {
    dev.kill();
    await ended;
  }
}

/** The port of the entry point, once a first generation is live. */
async function livePort(lines: AsyncIterable<string>): Promise<number> {
  let port = 0;
  for await (const line of lines) {
    const event = JSON.parse(line) as { event: string; entryPoint?: { port: number } };
    if (event.event === "listening") port = event.entryPoint?.port ?? 0;
    if (event.event === "live") return port;
  }
  throw new Error("it ended before anything was live");
}

function route(port: number): string {
  const metadata = "metadata: { name: web, namespace: default";
  return [
    `{ apiVersion: v1, kind: Service, ${metadata} }, spec: { ports: [{ port: 80 }] } }`,
    `{ apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, ${metadata}, labels: { kubernetes.io/service-name: web } }, addressType: IPv4,
    ports: [{ port: ${port} }], endpoints: [{ addresses: [127.0.0.1] }] }`,
    `{ apiVersion: fairway.dev/v1alpha1, kind: IngressRoute, ${metadata} }, spec: { routes: [{ kind: Rule, match: "PathPrefix(\`/\`)",
    services: [{ name: web, port: 80 }] }] } }`,
  ].join("\n---\n");
}

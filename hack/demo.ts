import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { upstreamsOf } from "./demo/demo-folder.ts";
import { type EchoServer, startEchoServer } from "./demo/echo-server.ts";

const ROOT = new URL("..", import.meta.url).pathname;

const USAGE = `npm start [-- options]

Starts the demo's upstreams and \`fairway dev\` on config/samples/demo. Ctrl-C ends all.

  --dir DIR       another folder of manifests; its EndpointSlices say which upstreams to start
  --http PORT     port for http (8080)
  --https PORT    port for https (8443; the demo's redirect names it, too)
  --help          this text
`;

/** What to try, for the ports in use. Each line works as printed while the demo runs. */
function curlLines(http: string, https: string): readonly (readonly [command: string, purpose: string])[] {
  return [
    [`curl http://shop.localhost:${http}/`, "a route by host"],
    [`curl http://shop.localhost:${http}/api/items`, "a longer rule; /api is taken off"],
    [`curl -X POST http://shop.localhost:${http}/api/items`, "by method, with one more middleware"],
    [`curl -H 'X-Canary: always' http://shop.localhost:${http}/api/items`, "by header, to the next version"],
    [`curl 'http://shop.localhost:${http}/api/items?version=next'`, "by query, to the next version"],
    [`curl http://beta.localhost:${http}/`, "three of four to api, one to api-next"],
    [`curl http://docs.localhost:${http}/guide`, "/v1 is put before the path"],
    [`curl -i http://secure.localhost:${http}/`, "redirected to https"],
    [`curl --insecure https://secure.localhost:${https}/api/`, "an Ingress with a certificate"],
  ];
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      dir: { type: "string", default: `${ROOT}config/samples/demo` },
      http: { type: "string", default: "8080" },
      https: { type: "string", default: "8443" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const taken = await takenEntryPoint({ web: values.http, websecure: values.https });
  if (taken !== null)
    return refuse(`the entry point "${taken.name}"`, taken.port, "Free it, or choose another one with --http or --https.");
  const upstreams = await startUpstreams(values.dir);
  if (upstreams === null) return 1;
  console.log(`Upstreams: ${upstreams.map(({ name, port }) => `${name} on 127.0.0.1:${port}`).join(", ")}`);
  const lines = curlLines(values.http, values.https);
  const width = Math.max(...lines.map(([command]) => command.length));
  console.log(`\nTry:\n\n${lines.map(([command, purpose]) => `  ${command.padEnd(width)}  # ${purpose}`).join("\n")}\n`);
  console.log(`Edit a file in ${values.dir} and ask again. Ctrl-C ends the demo.\n`);
  const code = await runFairway(values.dir, values.http, values.https);
  await Promise.all(upstreams.map((upstream) => upstream.close()));
  return code;
}

/** The first of these ports that somebody else listens on; null when all are free. */
async function takenEntryPoint(ports: Readonly<Record<string, string>>): Promise<{ name: string; port: number } | null> {
  for (const [name, port] of Object.entries(ports)) {
    const server = createServer().listen(Number(port), "127.0.0.1");
    try {
      await once(server, "listening");
      server.close();
    } catch (error) {
      if (!isTaken(error)) throw error;
      return { name, port: Number(port) };
    }
  }
  return null;
}

/** Starts all upstreams of the folder, or none: a port that is taken is named. */
async function startUpstreams(folder: string): Promise<readonly EchoServer[] | null> {
  const started: EchoServer[] = [];
  for (const { name, port } of upstreamsOf(folder)) {
    try {
      started.push(await startEchoServer(name, port));
    } catch (error) {
      if (!isTaken(error)) throw error;
      refuse(`the upstream "${name}"`, port, "Free it and start again.");
      await Promise.all(started.map((upstream) => upstream.close()));
      return null;
    }
  }
  return started;
}

function isTaken(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EADDRINUSE";
}

function refuse(what: string, port: number, hint: string): number {
  console.error(`Port 127.0.0.1:${port}, which ${what} needs, is taken. ${hint}`);
  return 1;
}

/** A terminal and npm each pass Ctrl-C on: what comes this soon after the first signal is the same wish. */
const SAME_WISH_MS = 1_000;

/**
 * Runs `fairway dev` until it ends, which is what it does at Ctrl-C; answers its exit code. It has a process group of its own, so that
 * it gets each wish to end once: the second one would end it on the spot.
 */
async function runFairway(folder: string, http: string, https: string): Promise<number> {
  const entryPoints = [`web=127.0.0.1:${http}`, `websecure=127.0.0.1:${https},tls`];
  const args = ["dev", folder, ...entryPoints.flatMap((entryPoint) => ["--entrypoint", entryPoint])];
  const fairway = spawn(process.execPath, [`${ROOT}src/main.ts`, ...args], { stdio: "inherit", detached: true });
  process.once("exit", () => fairway.kill("SIGTERM"));
  let wishedMs = Number.NEGATIVE_INFINITY;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (performance.now() - wishedMs > SAME_WISH_MS) fairway.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
      wishedMs = performance.now();
    });
  }
  const [code] = (await once(fairway, "exit")) as [number | null];
  return code ?? 1;
}

process.exitCode = await main();

import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EchoServer, startEchoServer } from "../../../hack/demo/echo-server.ts";
import type { AnswerLine } from "../../../src/cmd/explain-requests.ts";
import { FairwayProcess } from "../dev/fairway-process.ts";
import { ManifestFolder } from "../dev/manifests.ts";
import { Dice } from "./dice.ts";
import { disagreements } from "./disagreements.ts";
import { ENTRY_POINTS, randomFolder } from "./random-folder.ts";
import { type RandomRequest, randomRequest } from "./random-request.ts";
import { type RealAnswer, realAnswers } from "./real-answers.ts";

const SERVERS = 5;
const ROUTES = 40;
const REQUESTS = 1_000;

/** AGREEMENT_SEED replays a run; AGREEMENT_RUNS makes more than one, each with a seed of its own. */
const SEED = process.env.AGREEMENT_SEED;
const RUNS = Number(process.env.AGREEMENT_RUNS ?? 1);
const SEEDS = Array.from({ length: RUNS }, () => (SEED === undefined ? randomInt(2 ** 31) : Number(SEED)));

const servers: EchoServer[] = [];

beforeAll(async () => {
  for (let index = 0; index < SERVERS; index++) servers.push(await startEchoServer(String(index)));
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
});

test.each(SEEDS)("explain says of 1,000 random requests what the running proxy does with them (seed %i)", async (seed) => {
  const dice = new Dice(seed);
  const folder = new ManifestFolder();
  const serverPorts = servers.map((server) => server.port);
  folder.write("all.yaml", randomFolder(dice, ROUTES, serverPorts));
  const requests = Array.from({ length: REQUESTS }, () => randomRequest(dice));
  const entryPoints = ENTRY_POINTS.flatMap((name) => ["--entrypoint", `${name}=127.0.0.1:0${name === "secure" ? ",tls" : ""}`]);
  const proxy = new FairwayProcess("dev", folder.path, "--workers", "2", ...entryPoints);
  try {
    await proxy.event("live");
    const ports = new Map<string, number>();
    for (const name of ENTRY_POINTS) ports.set(name, await proxy.port(name));
    const real = await realAnswers(requests, ports);
    const flags = [...ports].flatMap(([name, port]) => [
      "--entrypoint",
      `${name}=127.0.0.1:${port}${name === "secure" ? ",tls" : ""}`,
    ]);
    for (const reasons of [[], ["--reasons"]]) {
      const explained = await explain(requests, folder.path, [...flags, ...reasons]);
      const found = requests.flatMap((request, index) => {
        const told = { request, explained: explained[index] as AnswerLine, real: real[index] as RealAnswer };
        return disagreements(told, serverPorts).map((words) => `${JSON.stringify(request)}: ${words}`);
      });
      expect(found, `replay with AGREEMENT_SEED=${seed}`).toEqual([]);
    }
    // A folder that sends everything to one place would say little.
    expect(new Set(real.map(({ status }) => status)).size).toBeGreaterThan(1);
  } finally {
    await proxy.stop();
    folder.delete();
  }
});

/** What `fairway explain` says of requests, in their order. */
async function explain(
  requests: readonly RandomRequest[],
  folder: string,
  flags: readonly string[],
): Promise<readonly AnswerLine[]> {
  const child = spawn(process.execPath, ["src/main.ts", "explain", "--manifests", folder, "--requests", "-", ...flags], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(requests.map((request) => `${JSON.stringify(asked(request))}\n`).join(""));
  const answers = await text(child.stdout);
  return answers
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as AnswerLine);
}

function asked({ entryPoint, authority, target, method, headers }: RandomRequest) {
  const url = `${entryPoint === "secure" ? "https" : "http"}://${authority}${target}`;
  const names = Map.groupBy(headers, ([name]) => name);
  return {
    url,
    method,
    entryPoint,
    headers: Object.fromEntries([...names].map(([name, all]) => [name, all.map(([, value]) => value)])),
  };
}

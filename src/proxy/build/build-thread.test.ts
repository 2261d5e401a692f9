import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeResource, SetHash } from "../../model/encode.ts";
import { resourceId } from "../../model/ids.ts";
import type { Resource } from "../../model/resource.ts";
import type { BuildStart, FromBuild, ToBuild } from "../messages.ts";
import { makeDefaultCertificate } from "../supervisor/default-certificate.ts";
import { entryPoint, facts, match, RoutingCase, router, serviceWithEndpoints } from "../worker/routing-case.ts";
import { LAST_GOOD_NAME } from "./last-good-file.ts";

/** A build thread and all it said. */
class Thread {
  readonly said: FromBuild[] = [];
  readonly #worker: Worker;
  readonly #exited: Promise<unknown>;

  constructor(start: BuildStart) {
    this.#worker = new Worker(new URL("./build-thread.ts", import.meta.url), { workerData: start });
    this.#worker.on("message", (message: FromBuild) => this.said.push(message));
    this.#exited = once(this.#worker, "exit");
  }

  /** Sends a message and waits for the next answer of a type. */
  async ask<T extends FromBuild["type"]>(message: ToBuild, type: T): Promise<Extract<FromBuild, { type: T }>> {
    const from = this.said.length;
    this.send(message);
    await expect.poll(() => this.said.slice(from).some((one) => one.type === type), { timeout: 10_000 }).toBe(true);
    return this.said.slice(from).find((one) => one.type === type) as Extract<FromBuild, { type: T }>;
  }

  send(message: ToBuild): void {
    this.#worker.postMessage(message);
  }

  async close(): Promise<void> {
    this.send({ type: "close" });
    await this.#exited;
  }
}

const secret = { kind: "Secret", namespace: "test", name: "tls" };
const certificate = {
  id: resourceId("certificate", secret),
  origin: secret,
  names: ["a.test"],
  ...(await makeDefaultCertificate(0)),
};
const RESOURCES = [entryPoint("web"), router("a", match("Host", "a.test")), ...serviceWithEndpoints("a", [80]), certificate];

function applyOf(resources: readonly Resource[]): Extract<ToBuild, { type: "apply" }> {
  const upserts = resources.map(encodeResource);
  const sum = new SetHash();
  for (const { hash } of upserts) sum.add(hash);
  return { type: "apply", version: sum.hex(), reset: true, upserts, removals: [] };
}

let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "build-thread-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

test("a thread builds, keeps what is live on disk, and a later one starts from it", { timeout: 30_000 }, async () => {
  const stateKeyFile = join(directory, "key");
  await writeFile(stateKeyFile, "k".repeat(32));
  const start = { stateDirectory: join(directory, "state"), stateKeyFile };
  const first = new Thread(start);
  expect(await first.ask({ type: "restore" }, "restored")).toEqual({ type: "restored", update: null, held: [], refused: [] });
  const built = await first.ask(applyOf(RESOURCES), "built");
  expect(built.refused).toEqual([]);
  first.send({ type: "commit", sequence: built.update.sequence });
  await first.close();

  const second = new Thread(start);
  const { update, held, refused } = await second.ask({ type: "restore" }, "restored");
  expect(update?.version).toBe(built.update.version);
  expect(held.map(([id]) => id).sort()).toEqual(RESOURCES.map(({ id }) => id).sort());
  expect(refused).toEqual([]);
  if (update === null) throw new Error("there is a snapshot");
  const { world } = new RoutingCase();
  world.prepare(update);
  world.switch(update.sequence);
  const live = world.route(world.entryPointBit("web"), facts("a.test", "/"));
  expect(live?.service?.plans).toMatchObject([{ endpoints: { servers: [{ port: 80 }] } }]);
  expect(world.tls.certificate(certificate.id)?.keyPem).toBe(certificate.keyPem);
  const { json } = await second.ask({ type: "describe", request: 7 }, "described");
  expect(json).not.toContain("PRIVATE KEY");
  expect(JSON.parse(json).resources).toHaveLength(RESOURCES.length);
  await second.close();
});

test("a generation that never became live is not kept on disk", { timeout: 30_000 }, async () => {
  const start = { stateDirectory: directory, stateKeyFile: null };
  const first = new Thread(start);
  const live = await first.ask(applyOf(RESOURCES.slice(0, 1)), "built");
  first.send({ type: "commit", sequence: live.update.sequence });
  await first.ask(applyOf(RESOURCES), "built");
  await first.close();
  const second = new Thread(start);
  expect((await second.ask({ type: "restore" }, "restored")).held).toHaveLength(1);
  await second.close();
});

test("damage on disk, a wrong version and a useless key are told, and the thread goes on", { timeout: 30_000 }, async () => {
  await writeFile(join(directory, LAST_GOOD_NAME), "nonsense");
  await writeFile(join(directory, "key"), "short");
  const thread = new Thread({ stateDirectory: directory, stateKeyFile: join(directory, "key") });
  expect((await thread.ask({ type: "restore" }, "restored")).update).toBe(null);
  const lines = thread.said.flatMap((one) => (one.type === "log" ? [`${one.message}: ${one.fields.reason}`] : []));
  expect(lines).toEqual([
    "the key of the last good snapshot cannot be used; certificates are not kept on disk: the secret has 5 bytes, and needs 32",
    "the last good snapshot cannot be used: it does not begin as a snapshot does",
  ]);
  const wrong = { ...applyOf(RESOURCES), version: "0".repeat(64) };
  expect((await thread.ask(wrong, "rejected")).reason).toContain("the version comes out as");
  expect((await thread.ask(applyOf(RESOURCES), "built")).update.sequence).toBe(1);
  await thread.close();
});

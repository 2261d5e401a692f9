import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { encodeResource, SetHash } from "../../model/encode.ts";
import type { Resource } from "../../model/resource.ts";
import type { FromBuild } from "../messages.ts";
import { match, router } from "../worker/routing-case.ts";
import { BuildDesk } from "./build-desk.ts";
import { Builder } from "./builder.ts";
import { LastGoodFile } from "./last-good-file.ts";

let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "build-desk-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** A desk as a proxy has it at its start, and what it says. */
function newDesk() {
  const said: FromBuild[] = [];
  const file = new LastGoodFile(directory, null, systemClock, (cause) => {
    throw cause;
  });
  const builder = new Builder({ matchers: new Map(), middlewares: new Map() });
  return { desk: new BuildDesk(builder, file, (message) => said.push(message)), said };
}

/** The delta that leads from `before` to `after`. */
function delta(before: readonly Resource[], after: readonly Resource[]) {
  const version = new SetHash();
  for (const { hash } of after.map(encodeResource)) version.add(hash);
  const upserts = after.filter((resource) => !before.includes(resource)).map(encodeResource);
  const removals = before.filter(({ id }) => !after.some((resource) => resource.id === id)).map(({ id }) => id);
  return { type: "apply", version: version.hex(), reset: false, upserts, removals } as const;
}

async function heldAtStart(): Promise<readonly string[]> {
  const { desk, said } = newDesk();
  await desk.take({ type: "restore" });
  const [restored] = said.filter((message) => message.type === "restored");
  return (restored?.held ?? []).map(([id]) => id).sort();
}

test("what changes after a restart is kept beside what was kept before it, whenever it was committed", async () => {
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => router(name, match("Path", `/${name}`))) as [
    Resource,
    Resource,
    Resource,
    Resource,
  ];
  const first = newDesk().desk;
  await first.take(delta([], [a, b]));
  await first.take({ type: "commit", sequence: 1 });
  await first.take({ type: "close" });
  expect(await heldAtStart()).toEqual([a.id, b.id]);

  const second = newDesk().desk;
  await second.take({ type: "restore" });
  await second.take(delta([a, b], [b, c]));
  // The next one is built before this one is live.
  await second.take(delta([b, c], [b, c, d]));
  await second.take({ type: "commit", sequence: 2 });
  await second.take({ type: "commit", sequence: 3 });
  await second.take({ type: "close" });
  expect(await heldAtStart()).toEqual([b.id, c.id, d.id]);
});

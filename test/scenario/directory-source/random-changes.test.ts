import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { DirectorySource } from "../../../src/control/sources/directory/directory-source.ts";
import { loadManifests } from "../../../src/control/sources/directory/load-manifests.ts";
import { ObjectStore } from "../../../src/control/store/object-store.ts";
import { Intake } from "../../../src/control/validate/intake.ts";
import { KindCatalog } from "../../../src/control/validate/kind-catalog.ts";

const kinds = new KindCatalog();

type Step = (folder: string) => void;

const path = fc.constantFrom("a.yaml", "b.yaml", "x/a.yaml", "x/b.json", "x/y/a.yaml", "z/c.yml");
const text = fc
  .array(fc.tuple(fc.constantFrom("p", "q", "r", "s"), fc.integer({ min: 0, max: 9 })), { maxLength: 4 })
  .map((objects) =>
    objects
      .map(([name, value]) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  v: "${value}"\n`)
      .join("---\n"),
  );

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(path, text).map(
    ([to, content]): Step =>
      (folder) =>
        write(join(folder, to), content),
  ),
  fc.tuple(path, text).map(
    ([to, content]): Step =>
      (folder) => {
        write(join(folder, ".new"), content);
        move(join(folder, ".new"), join(folder, to));
      },
  ),
  fc.tuple(path, path).map(
    ([from, to]): Step =>
      (folder) =>
        move(join(folder, from), join(folder, to)),
  ),
  path.map(
    (which): Step =>
      (folder) =>
        rmSync(join(folder, which), { force: true }),
  ),
  fc.tuple(fc.constantFrom("x", "x/y", "z"), fc.constantFrom("x", "w", "z/v")).map(
    ([from, to]): Step =>
      (folder) =>
        move(join(folder, from), join(folder, to)),
  ),
  fc.constantFrom("x", "z", "w").map(
    (which): Step =>
      (folder) =>
        rmSync(join(folder, which), { recursive: true, force: true }),
  ),
);

function write(to: string, content: string): void {
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, content);
}

/** Moves, where that can be done at all. */
function move(from: string, to: string): void {
  try {
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
  } catch {
    // Nothing there to move, or something in the way: the folder stays as it is.
  }
}

function contents(store: ObjectStore): Record<string, unknown> {
  return Object.fromEntries([...store.list("ConfigMap")].map(({ ref, body }) => [ref.name, body]));
}

async function freshContents(folder: string): Promise<Record<string, unknown>> {
  const store = new ObjectStore();
  await loadManifests(folder, new Intake(store, kinds));
  return contents(store);
}

test("whatever happens to a folder, what is followed ends up as what a fresh start reads", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.constantFrom(0, 0, 3, 8)), { minLength: 1, maxLength: 12 }), async (steps) => {
      const folder = mkdtempSync(join(tmpdir(), "fairway-random-"));
      const store = new ObjectStore();
      const source = new DirectorySource({ directory: folder, intake: new Intake(store, kinds) });
      try {
        await source.start();
        for (const [change, pauseMs] of steps) {
          change(folder);
          if (pauseMs > 0) await sleep(pauseMs);
        }
        const expected = await freshContents(folder);
        await vi.waitFor(() => expect(contents(store)).toEqual(expected), { timeout: 3_000, interval: 5 });
      } finally {
        await source.stop();
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 60 },
  );
});

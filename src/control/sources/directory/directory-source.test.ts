import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cpuMs } from "../../../../test/cpu-time.ts";
import { type Clock, systemClock } from "../../../kernel/clock.ts";
import { ObjectStore } from "../../store/object-store.ts";
import { Intake } from "../../validate/intake.ts";
import { KindCatalog } from "../../validate/kind-catalog.ts";
import { DirectorySource } from "./directory-source.ts";
import { QUIET_MS } from "./settled-files.ts";

const kinds = new KindCatalog();
let folder: string;
let store: ObjectStore;
let source: DirectorySource;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairway-source-"));
  store = new ObjectStore();
});

afterEach(async () => {
  await source.stop();
  rmSync(folder, { recursive: true });
});

async function start(directory = folder, clock: Clock = systemClock): Promise<void> {
  source = new DirectorySource({ directory, intake: new Intake(store, kinds), clock });
  await source.start();
  store.takeChanges();
}

const service = (name: string, port = 80): string =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\nspec:\n  ports:\n  - port: ${port}\n`;
const write = (path: string, text: string): void => writeFileSync(join(folder, path), text);
const names = (): string[] => [...store.list("Service")].map((each) => each.ref.name).sort();
const portOf = (name: string): unknown =>
  (store.get("Service", "default", name)?.body.spec as { ports: { port: number }[] } | undefined)?.ports[0]?.port;
const codes = (): string[] => source.problems().map((each) => `${each.code} ${each.file.slice(folder.length + 1)}:${each.line}`);

/** Waits until an expectation holds. */
const soon = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 2_000, interval: 2 });

test("everything is there once start has resolved, at any depth and in every format", async () => {
  mkdirSync(join(folder, "a/b"), { recursive: true });
  write("one.yaml", `${service("one")}---\n${service("two")}`);
  write("a/three.yml", service("three"));
  write(
    "a/b/four.json",
    JSON.stringify({ apiVersion: "v1", kind: "Service", metadata: { name: "four" }, spec: { ports: [{ port: 1 }] } }),
  );
  write(
    "list.yaml",
    `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: five}, spec: {ports: [{port: 1}]}}\n`,
  );
  write(".hidden.yaml", service("hidden"));
  write("notes.txt", service("notes"));
  await start();
  expect(names()).toEqual(["five", "four", "one", "three", "two"]);
  expect(codes()).toEqual([]);
  expect(source.counts).toEqual({ files: 4, objects: 5 });
});

test("create, edit, rename and delete are seen", async () => {
  await start();
  write("a.yaml", service("a"));
  await soon(() => expect(portOf("a")).toBe(80));
  write("a.yaml", service("a", 81));
  await soon(() => expect(portOf("a")).toBe(81));
  renameSync(join(folder, "a.yaml"), join(folder, "b.yaml"));
  await soon(() =>
    expect(source.locate({ kind: "Service", namespace: "default", name: "a" }, "")?.file).toBe(join(folder, "b.yaml")),
  );
  rmSync(join(folder, "b.yaml"));
  await soon(() => expect(names()).toEqual([]));
});

test("a rename takes no object away, not even for a moment", async () => {
  write("a.yaml", service("a"));
  await start();
  renameSync(join(folder, "a.yaml"), join(folder, "z.yaml"));
  await soon(() => expect(source.locate({ kind: "Service", namespace: "default", name: "a" }, "")?.file).toMatch("z.yaml"));
  expect(store.takeChanges()).toEqual([]);
});

test("an editor's atomic replacement is seen at once, though objects go with it", async () => {
  write("a.yaml", `${service("a")}---\n${service("b")}`);
  // Whoever waits for quiet waits for ever.
  const restless: Clock = { ...systemClock, after: (ms, run) => (ms < QUIET_MS / 2 ? systemClock.after(ms, run) : () => {}) };
  await start(folder, restless);
  write(".a.yaml.tmp", service("a", 81));
  renameSync(join(folder, ".a.yaml.tmp"), join(folder, "a.yaml"));
  await soon(() => expect(portOf("a")).toBe(81));
  expect(names()).toEqual(["a"]);
});

test("the swap of a mounted ConfigMap is seen", async () => {
  const version = (name: string, port: number): void => {
    mkdirSync(join(folder, name));
    write(`${name}/routes.yaml`, service("a", port));
  };
  version("..2026_1", 80);
  symlinkSync("..2026_1", join(folder, "..data"));
  symlinkSync("..data/routes.yaml", join(folder, "routes.yaml"));
  await start();
  expect(portOf("a")).toBe(80);
  version("..2026_2", 81);
  symlinkSync("..2026_2", join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  await soon(() => expect(portOf("a")).toBe(81));
});

test("the swap of the folder itself, when it is a link, is seen, and so is what happens in the new one", async () => {
  mkdirSync(join(folder, "v1"));
  mkdirSync(join(folder, "v2"));
  write("v1/a.yaml", service("a", 80));
  write("v2/a.yaml", service("a", 81));
  symlinkSync("v1", join(folder, "current"));
  await start(join(folder, "current"));
  symlinkSync("v2", join(folder, "next"));
  renameSync(join(folder, "next"), join(folder, "current"));
  await soon(() => expect(portOf("a")).toBe(81));
  write("v2/b.yaml", service("b"));
  await soon(() => expect(names()).toEqual(["a", "b"]));
});

test("new folders are followed, removed ones take their objects along", async () => {
  await start();
  mkdirSync(join(folder, "x/y"), { recursive: true });
  write("x/y/a.yaml", service("a"));
  await soon(() => expect(names()).toEqual(["a"]));
  write("x/y/b.yaml", service("b"));
  await soon(() => expect(names()).toEqual(["a", "b"]));
  renameSync(join(folder, "x"), join(folder, "z"));
  await soon(() => expect(source.locate({ kind: "Service", namespace: "default", name: "a" }, "")?.file).toMatch("z/y/a.yaml"));
  write("z/y/a.yaml", service("a", 81));
  await soon(() => expect(portOf("a")).toBe(81));
  rmSync(join(folder, "z"), { recursive: true });
  await soon(() => expect(names()).toEqual([]));
});

test("a circle of links ends", async () => {
  symlinkSync(".", join(folder, "self"));
  symlinkSync("loop.yaml", join(folder, "loop.yaml"));
  symlinkSync("nowhere.yaml", join(folder, "dangling.yaml"));
  write("a.yaml", service("a"));
  symlinkSync(".", join(folder, "again"));
  await start();
  expect(names()).toEqual(["a"]);
  expect(codes()).toEqual([]);
});

test("a file that does not parse keeps its objects, and is told until it is mended", async () => {
  write("a.yaml", service("a"));
  await start();
  write("a.yaml", `${service("a", 81)}  broken: [\n`);
  await soon(() => expect(codes()).toEqual(["InvalidYAML a.yaml:8"]));
  expect(portOf("a")).toBe(80);
  write("a.yaml", service("a", 82));
  await soon(() => expect(portOf("a")).toBe(82));
  expect(codes()).toEqual([]);
});

test("a file that is empty for a moment, while it is written in place, loses nothing", async () => {
  write("a.yaml", `${service("a")}---\n${service("b")}`);
  await start();
  truncateSync(join(folder, "a.yaml"));
  await sleep(QUIET_MS / 2);
  appendFileSync(join(folder, "a.yaml"), `${service("a", 81)}---\n`);
  await sleep(QUIET_MS / 2);
  appendFileSync(join(folder, "a.yaml"), service("b", 81));
  await soon(() => expect(portOf("b")).toBe(81));
  expect(store.takeChanges().map((ref) => ref.name)).toEqual(["a", "b"]);
  expect(portOf("a")).toBe(81);
});

test("an editor that moves the old file away and writes a new one loses nothing", async () => {
  write("a.yaml", `${service("a")}---\n${service("b")}`);
  await start();
  renameSync(join(folder, "a.yaml"), join(folder, "a.yaml~"));
  await sleep(QUIET_MS / 2);
  write("a.yaml", "");
  await sleep(QUIET_MS / 2);
  appendFileSync(join(folder, "a.yaml"), `${service("a", 81)}---\n`);
  await sleep(QUIET_MS / 2);
  appendFileSync(join(folder, "a.yaml"), service("b", 81));
  await soon(() => expect(portOf("b")).toBe(81));
  expect(portOf("a")).toBe(81);
  expect(store.takeChanges().map((ref) => ref.name)).toEqual(["a", "b"]);
});

test("a file that stays empty has been emptied", async () => {
  write("a.yaml", service("a"));
  await start();
  truncateSync(join(folder, "a.yaml"));
  await sleep(QUIET_MS / 2);
  expect(names()).toEqual(["a"]);
  await soon(() => expect(names()).toEqual([]));
});

test("of two documents about one object the first file counts, and the other when that goes", async () => {
  write("a.yaml", service("s", 1));
  write("b.yaml", `# note\n${service("s", 2)}`);
  await start();
  expect(portOf("s")).toBe(1);
  expect(codes()).toEqual(["DuplicateObject b.yaml:2"]);
  expect(source.problems()[0]?.message).toBe(`Already described in ${join(folder, "a.yaml")}, line 1, which counts.`);
  rmSync(join(folder, "a.yaml"));
  await soon(() => expect(portOf("s")).toBe(2));
  expect(codes()).toEqual([]);
});

test("a document that is no object is told, and the others of its file count", async () => {
  write("a.yaml", `${service("a")}---\nkind: Service\n`);
  await start();
  expect(names()).toEqual(["a"]);
  expect(codes()).toEqual(["InvalidObject a.yaml:9"]);
});

test("a problem in an object has the line of its field", async () => {
  write("a.yaml", `# one\n${service("a")}---\n${service("b").replace("80", "many")}`);
  await start();
  expect(codes()).toEqual(["SchemaViolation a.yaml:16"]);
});

test("a save in a large folder costs one file, and not the folder", async () => {
  for (let i = 0; i < 2_000; i++) write(`${i}.yaml`, service(`s-${i}`));
  const beganMs = cpuMs();
  await start();
  const readMs = cpuMs();
  for (let port = 1_000; port < 1_020; port++) {
    write("7.yaml", service("s-7", port));
    await soon(() => expect(portOf("s-7")).toBe(port));
  }
  expect((cpuMs() - readMs) / 20).toBeLessThan((readMs - beganMs) / 10);
});

test("a folder that is not there is refused at start, and one that goes away later keeps its objects", async () => {
  const inner = join(folder, "inner");
  await expect(start(inner)).rejects.toThrow("ENOENT");
  mkdirSync(inner);
  write("inner/a.yaml", service("a"));
  await start(inner);
  renameSync(inner, join(folder, "away"));
  await soon(() => expect(codes().join()).toMatch(/FileUnreadable/));
  expect(names()).toEqual(["a"]);
  renameSync(join(folder, "away"), inner);
  await soon(() => expect(codes()).toEqual([]));
});

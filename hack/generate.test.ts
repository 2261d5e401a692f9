import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { changedFiles, copyCheckout, filesOf } from "./checkout-copy.ts";

const TIMEOUT_MS = 60_000;

let root = "";
let remove: () => void;

beforeAll(() => {
  ({ root, remove } = copyCheckout());
  expect(generate()).toMatchObject({ status: 0 });
}, TIMEOUT_MS);

afterAll(() => remove());

function generate(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const node = join(root, "node_modules/.bin/node");
  return spawnSync(node, ["hack/generate.ts", ...args], { cwd: root, encoding: "utf8", timeout: TIMEOUT_MS });
}

test("a second run changes nothing, and the check agrees", { timeout: TIMEOUT_MS }, () => {
  const before = filesOf(root);
  expect(generate()).toMatchObject({ status: 0, stdout: "" });
  expect(generate("--check")).toMatchObject({ status: 0, stdout: "" });
  expect(changedFiles(before, filesOf(root))).toEqual([]);
});

test("a check names what is stale, missing or left over, and writes nothing", { timeout: TIMEOUT_MS }, () => {
  const schema = join(root, "src/extensions/middlewares/add-prefix/schema.yaml");
  writeFileSync(schema, readFileSync(schema, "utf8").replace("The prefix.", "What is put in front."));
  rmSync(join(root, "docs/reference/failures.md"));
  writeFileSync(join(root, "src/schema/gen/nobody.ts"), "");
  const before = filesOf(root);
  const { status, stdout } = generate("--check");
  expect(status).toBe(1);
  expect(stdout.split("\n")).toEqual([
    "stale     crds/middlewares.yaml",
    "stale     docs/reference/failures.md",
    "stale     docs/reference/middlewares.md",
    "stale     src/schema/gen/middleware.ts",
    "leftover  src/schema/gen/nobody.ts",
    "Run `npm run generate` and commit what it changes.",
    "",
  ]);
  expect(changedFiles(before, filesOf(root))).toEqual([]);
  expect(generate()).toMatchObject({ status: 0 });
  expect(readFileSync(join(root, "crds/middlewares.yaml"), "utf8")).toContain("What is put in front.");
});

test("a folder without a schema, a schema without a title and YAML that does not parse are named", {
  timeout: TIMEOUT_MS,
}, () => {
  const folder = join(root, "src/extensions/middlewares/half-made");
  mkdirSync(folder);
  expect(generate()).toMatchObject({ status: 1, stderr: "generate: src/extensions/middlewares/half-made has no schema.yaml\n" });
  writeFileSync(join(folder, "schema.yaml"), "type: object\n");
  expect(generate().stderr).toBe("generate: src/extensions/middlewares/half-made/schema.yaml has no title\n");
  appendFileSync(join(folder, "schema.yaml"), "title: [\n");
  expect(generate().stderr).toMatch(/^generate: src\/extensions\/middlewares\/half-made\/schema.yaml: /);
  rmSync(folder, { recursive: true });
});

test("two folders of one kind are named", { timeout: TIMEOUT_MS }, () => {
  const folder = join(root, "src/extensions/middlewares/strip-prefix-again");
  mkdirSync(folder);
  writeFileSync(join(folder, "schema.yaml"), "title: Again\nx-fairway-kind: stripPrefix\n");
  expect(generate().stderr).toBe(
    "generate: src/extensions/middlewares/strip-prefix and src/extensions/middlewares/strip-prefix-again are both of kind stripPrefix\n",
  );
  rmSync(folder, { recursive: true });
});

test("an option it does not know is refused", { timeout: TIMEOUT_MS }, () => {
  expect(generate("--chekc")).toMatchObject({ status: 2, stderr: "generate: Unknown option '--chekc'\n" });
});

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { changedFiles, copyCheckout, filesOf } from "./checkout-copy.ts";

const TIMEOUT_MS = 120_000;
const GENERATED = /\.gen\.ts$|^src\/schema\/gen\/|^crds\/middlewares\.yaml$|^docs\/reference\//;

let root = "";
let remove: () => void;

beforeAll(() => {
  ({ root, remove } = copyCheckout());
  expect(run("node", "hack/generate.ts")).toMatchObject({ status: 0 });
}, TIMEOUT_MS);

afterAll(() => remove());

function run(program: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const bin = join(root, "node_modules/.bin");
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, NO_COLOR: "1" };
  return spawnSync(join(bin, program), args, { cwd: root, env, encoding: "utf8", timeout: TIMEOUT_MS });
}

/** Lint, types and the folder's own tests, each as the checkout runs them but for this folder only. */
function expectGood(folder: string): void {
  const tsconfig = { extends: "./tsconfig.json", include: [folder, "src/extensions/*/registry.gen.ts"] };
  writeFileSync(join(root, "tsconfig.folder.json"), JSON.stringify(tsconfig));
  expect(run("biome", "ci", "--error-on-warnings", folder)).toMatchObject({ status: 0 });
  expect(run("tsc", "--noEmit", "--project", "tsconfig.folder.json")).toMatchObject({ status: 0, stdout: "" });
  const tests = run("vitest", "run", "--project", "unit", folder);
  expect(tests.stdout).toMatch(/Tests +[23] passed/);
  expect(tests.status).toBe(0);
}

test.each([
  ["middleware", "src/extensions/middlewares", "request-tag", ["schema.yaml", "request-tag.ts", "request-tag.test.ts"]],
  ["matcher", "src/extensions/matchers", "tag", ["tag.ts", "tag.test.ts"]],
])(
  "a new %s touches its folder and generated files, and is good at once",
  { timeout: TIMEOUT_MS },
  (family, parent, name, files) => {
    const before = filesOf(root);
    expect(run("node", "hack/new.ts", family, name)).toMatchObject({ status: 0 });
    const made = files.map((file) => `${parent}/${name}/${file}`).sort();
    expect(changedFiles(before, filesOf(root))).toEqual(made);

    expect(run("node", "hack/generate.ts")).toMatchObject({ status: 0 });
    const changed = changedFiles(before, filesOf(root)).filter((path) => !made.includes(path));
    expect(changed).toContain(`${parent}/registry.gen.ts`);
    expect(changed.filter((path) => !GENERATED.test(path))).toEqual([]);
    expectGood(`${parent}/${name}`);
  },
);

test("the longest name is good too", { timeout: TIMEOUT_MS }, () => {
  const name = "a-name-of-forty-characters-and-no-morexx";
  for (const family of ["middleware", "matcher"]) expect(run("node", "hack/new.ts", family, name)).toMatchObject({ status: 0 });
  const folders = [`src/extensions/middlewares/${name}`, `src/extensions/matchers/${name}`];
  expect(run("biome", "ci", "--error-on-warnings", ...folders)).toMatchObject({ status: 0 });
  expect(run("node", "hack/new.ts", "middleware", `${name}x`).stderr).toBe(`new: "${name}x" is longer than 40 characters\n`);
});

test.each([
  ["a_b", 'new: "a_b" is not a name: use lower-case words joined with hyphens, as in request-id\n'],
  ["../up", 'new: "../up" is not a name: use lower-case words joined with hyphens, as in request-id\n'],
  ["delete", 'new: "delete" is a word of the language: choose another name\n'],
  ["chain", "new: src/extensions/middlewares/chain is there already: edit it, or choose another name\n"],
  ["middleware-spec", "new: MiddlewareSpec is a type of the schema already: choose another name\n"],
])("the name %s is refused, and nothing is written", { timeout: TIMEOUT_MS }, (name, message) => {
  const before = filesOf(root);
  expect(run("node", "hack/new.ts", "middleware", name)).toMatchObject({ status: 1, stderr: message });
  expect(changedFiles(before, filesOf(root))).toEqual([]);
});

test("wrong use shows how it is used", { timeout: TIMEOUT_MS }, () => {
  expect(run("node", "hack/new.ts", "gadget", "x").status).toBe(2);
  expect(run("node", "hack/new.ts", "middleware").stderr).toContain("npm run new -- FAMILY NAME");
  expect(run("node", "hack/new.ts", "--help")).toMatchObject({ status: 0, stderr: "" });
});

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fairway-main-"));
  writeFileSync(join(folder, "good.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n");
  writeFileSync(join(folder, "bad.txt"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndatta: {a: b}\n");
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs `fairway` with arguments, and perhaps something on its standard input. */
function fairway(args: readonly string[], input = ""): Promise<Ending> {
  const main = new URL("main.ts", import.meta.url).pathname;
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

test("a clean folder ends with 0", async () => {
  expect(await fairway(["check", folder])).toEqual({ code: 0, stdout: "1 object, 0 errors, 0 warnings\n", stderr: "" });
});

test("a file, and the standard input, with an error end with 1", async () => {
  const path = join(folder, "bad.txt");
  const problem =
    ':4: error UnknownField ConfigMap/default/c datta: Unknown field "datta". (Did you mean "data"?)\n1 object, 1 error, 0 warnings\n';
  expect(await fairway(["check", path])).toEqual({ code: 1, stdout: path + problem, stderr: "" });
  const bad = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndatta: {a: b}\n";
  expect(await fairway(["check", "-"], bad)).toEqual({ code: 1, stdout: `<stdin>${problem}`, stderr: "" });
});

test("JSON is printed on demand", async () => {
  const { code, stdout } = await fairway(["check", folder, "--output", "json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ problems: [], summary: { objects: 1, errors: 0, warnings: 0 } });
});

test("wrong use ends with 2 and one line", async () => {
  expect(await fairway(["check", "/nowhere"])).toEqual({
    code: 2,
    stdout: "",
    stderr: "error: there is no file or folder /nowhere\n",
  });
  const unknown = "error: option '--output <format>' argument 'xml' is invalid. Allowed choices are text, json, github, junit.\n";
  expect(await fairway(["check", "x", "--output", "xml"])).toEqual({ code: 2, stdout: "", stderr: unknown });
  expect(await fairway(["chekc", "x"])).toEqual({
    code: 2,
    stdout: "",
    stderr: "error: unknown command 'chekc' (Did you mean check?)\n",
  });
});

test("without a command there is help, and 2", async () => {
  const { code, stderr } = await fairway([]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^Usage: fairway/);
});

test("the version is printed", async () => {
  expect((await fairway(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("help of a command has examples", async () => {
  const { code, stdout } = await fairway(["check", "--help"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Usage: fairway check .*Examples:\n {2}\$ fairway check /s);
});

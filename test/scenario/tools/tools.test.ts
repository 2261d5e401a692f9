import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");
const DEMO = "config/samples/demo";
const CASES = "config/samples/demo-tests.yaml";

interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;
/** The demo, with the documents moved to another host. */
let changed: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fairway-tools-"));
  changed = join(folder, "changed");
  cpSync(join(ROOT, DEMO), changed, { recursive: true });
  const docs = join(changed, "docs.yaml");
  writeFileSync(docs, readFileSync(docs, "utf8").replace("Host(`docs.localhost`)", "Host(`doc.localhost`)"));
  writeFileSync(join(folder, "wrong.yaml"), "- request: { url: http://shop.localhost/ }\n  expect: { servce: demo/web }\n");
  writeFileSync(join(folder, "broken.yaml"), readFileSync(join(ROOT, DEMO, "docs.yaml"), "utf8"));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs `fairway` at the root of the project, with arguments and perhaps a standard input. */
function fairway(args: readonly string[], input = ""): Promise<Ending> {
  return new Promise((resolve) => {
    const options = { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(process.execPath, ["src/main.ts", ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

/** All YAML of the demo as one text, as `kustomize build` would print it. */
function demoText(): string {
  const files = ["canary", "certificate", "docs", "secure", "services", "shop", "upstreams"];
  return files.map((file) => readFileSync(join(ROOT, DEMO, `${file}.yaml`), "utf8")).join("\n---\n");
}

test.for(["check", "explain", "test", "diff", "graph"])("%s --help has examples, and the exit codes", async (name) => {
  const { code, stdout } = await fairway([name, "--help"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    new RegExp(`^Usage: fairway ${name} .*Exit codes: 0 .*; 2 wrong use.*Examples:\n  \\$ .*fairway ${name} `, "s"),
  );
});

test("--help lists every tool", async () => {
  const { stdout } = await fairway(["--help"]);
  for (const name of ["check", "explain", "test", "diff", "graph"]) expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
});

test("test ends with 0, 1 and 2: all as expected, one not, a wrong file", async () => {
  const [fine, piped, moved, wrong] = await Promise.all([
    fairway(["test", DEMO, CASES]),
    fairway(["test", "-", CASES, "--output", "json"], demoText()),
    fairway(["test", changed, CASES]),
    fairway(["test", DEMO, join(folder, "wrong.yaml")]),
  ]);
  expect(fine).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/\n13 tests, 13 passed, 0 failed\n$/) });
  expect(piped).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(piped.stdout)).toMatchObject({ summary: { cases: 13, passed: 13, failed: 0 } });
  expect(moved.code).toBe(1);
  expect(moved.stdout).toContain("      service: expected demo/docs, got 404, no route\n");
  expect(moved.stdout).toContain("      |     fails: Host(`doc.localhost`)");
  expect(wrong).toEqual({
    code: 2,
    stdout: "",
    stderr: `${join(folder, "wrong.yaml")}:2: error: expect.servce: unknown field "servce", did you mean "service"?\n`,
  });
});

test("diff ends with 0, 1 and 2: the same, different, wrong use", async () => {
  const [same, different, wrong, nowhere] = await Promise.all([
    fairway(["diff", DEMO, "-"], demoText()),
    fairway(["diff", DEMO, changed]),
    fairway(["diff", "-", "-"]),
    fairway(["diff", DEMO, "/nowhere"]),
  ]);
  expect(same).toEqual({ code: 0, stdout: "No difference.\n", stderr: "" });
  expect(different.code).toBe(1);
  expect(different.stdout).toContain("rule: Host(`docs.localhost`) → Host(`doc.localhost`)\n");
  expect(different.stdout).toContain("  GET http://docs.localhost/ (web)\n      demo/docs:http as /v1/ → 404, no route\n");
  expect(wrong).toMatchObject({
    code: 2,
    stderr: "error: the standard input holds one side: name a folder or file for the other\n",
  });
  expect(nowhere).toMatchObject({ code: 2, stderr: "error: there is no file or folder /nowhere\n" });
});

test("graph prints the same for a folder and a pipe, and counts errors on stderr", async () => {
  const [fromFolder, piped, dot, broken] = await Promise.all([
    fairway(["graph", DEMO]),
    fairway(["graph", "-"], demoText()),
    fairway(["graph", DEMO, "--output", "dot"]),
    fairway(["graph", join(folder, "broken.yaml"), "--output", "mermaid"]),
  ]);
  expect(piped).toEqual(fromFolder);
  expect(fromFolder.code).toBe(0);
  expect(dot.stdout).toMatch(/^digraph fairway \{\n/);
  expect(broken).toMatchObject({ code: 0, stdout: expect.stringMatching(/^flowchart LR\n/) });
  expect(broken.stderr).toBe(`note: 2 errors in the manifests: fairway check ${join(folder, "broken.yaml")} tells\n`);
});

test("explain answers thousands of requests, in order; a line that is none ends it with 2, after all answers", async () => {
  const requests = Array.from({ length: 5_000 }, (_, i) =>
    JSON.stringify({ url: `http://${i % 2 ? "shop" : "docs"}.localhost/${i}` }),
  );
  const [fine, wrong, both] = await Promise.all([
    fairway(["explain", "--manifests", DEMO, "--requests", "-"], requests.join("\n")),
    fairway(["explain", "--manifests", DEMO, "--requests", "-"], '{}\n{"url": "http://beta.localhost/"}\n'),
    fairway(["explain", "--manifests", "-", "--requests", "-"]),
  ]);
  expect(fine.code).toBe(0);
  const answers = fine.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { line: number; request: { path: string }; winner: object });
  expect(answers.map(({ line, request }) => [line, request.path])).toEqual(requests.map((_, i) => [i + 1, `/${i}`]));
  expect(answers[4_999]).toMatchObject({ winner: { service: { object: { name: "web" } } } });
  expect(wrong.code).toBe(2);
  expect(wrong.stdout).toMatch(/^\{"line":1,"error":"url is missing"\}\n\{"line":2,.*"name":"beta".*\}\n$/);
  expect(both).toMatchObject({ code: 2, stderr: "error: the standard input holds either the manifests or the requests\n" });
});

test("check annotates pull requests, and ends with 1", async () => {
  const { code, stdout } = await fairway(["check", join(folder, "broken.yaml"), "--output", "github"]);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^::error file=.*broken\.yaml,line=\d+,title=ServiceNotFound IngressRoute\/demo\/docs::spec\.routes\[0\]/,
  );
});

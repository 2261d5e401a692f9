import { execFile } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { FairwayProcess } from "../dev/fairway-process.ts";

const ROOT = join(import.meta.dirname, "../../..");
const CASES = "config/samples/demo-tests.yaml";

interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let scratch: string;
/** The demo, with mistakes of every kind: a schema violation, a missing Service, a duplicate, a file that does not parse, a bad key. */
let folder: string;
let operator: FairwayProcess;
let url: string;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "fairway-running-"));
  folder = join(scratch, "live");
  cpSync(join(ROOT, "config/samples/demo"), folder, { recursive: true });
  writeFileSync(join(folder, "broken.yaml"), "kind: [\n");
  writeFileSync(join(folder, "mistakes.yaml"), MISTAKES);
  operator = new FairwayProcess("operator", "--manifests", folder, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0");
  const { port } = await operator.event("admin");
  await operator.event("serving");
  url = `http://127.0.0.1:${port}`;
});

afterAll(async () => {
  await operator?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

const MISTAKES = `apiVersion: fairway.dev/v1alpha1
kind: IngressRoute
metadata: { name: refused, namespace: demo }
spec: { routes: none }
---
apiVersion: fairway.dev/v1alpha1
kind: IngressRoute
metadata: { name: lost, namespace: demo }
spec:
  routes:
    - match: Host(\`lost.localhost\`)
      services: [{ name: nowhere, port: 80 }]
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: demo }
spec: { ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Secret
metadata: { name: bad, namespace: demo }
type: kubernetes.io/tls
data: { tls.crt: bm8=, tls.key: c2VjcmV0IHRleHQ= }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: bad-tls, namespace: demo }
spec:
  tls: [{ hosts: [bad.localhost], secretName: bad }]
  rules: [{ host: bad.localhost, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }]
`;

/** Runs `fairway` at the root of the project. */
function fairway(...args: readonly string[]): Promise<Ending> {
  return new Promise((resolve) => {
    const options = { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, ["src/main.ts", ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

/** How the objects were named is all that may differ. */
function unnamed({ code, stdout, stderr }: Ending): Ending {
  return { code, stdout, stderr: stderr.replaceAll(folder, "IT").replaceAll(`--operator ${url}`, "IT") };
}

const TOOLS: readonly (readonly [tool: string, ...args: readonly string[]])[] = [
  ["check", "IT", "--output", "json"],
  ["check", "IT", "--output", "junit"],
  ["graph", "IT"],
  ["test", "IT", CASES],
  ["explain", "https://bad.localhost/", "IT"],
];

describe("what a tool says of a running operator and of the folder it reads is the same", () => {
  test.each(TOOLS.map((args) => [args.join(" "), args] as const))("%s", async (_, args) => {
    const [tool] = args;
    const ofFolder = args.flatMap((arg) => (arg !== "IT" ? [arg] : tool === "explain" ? ["--manifests", folder] : [folder]));
    const ofOperator = args.flatMap((arg) => (arg === "IT" ? ["--operator", url] : [arg]));
    const [first, second] = await Promise.all([fairway(...ofFolder), fairway(...ofOperator)]);
    expect(unnamed(second)).toEqual(unnamed(first));
    expect(first.stdout.length).toBeGreaterThan(50);
  });
});

describe("diff with a running operator", () => {
  test("finds no difference in what it holds already", async () => {
    const same = join(scratch, "same");
    cpSync(folder, same, { recursive: true });
    // A file that does not parse is told, whether the operator has one like it or not: it cannot be applied.
    rmSync(join(same, "broken.yaml"));
    expect(await fairway("diff", same, "--operator", url)).toEqual({ code: 0, stdout: "No difference.\n", stderr: "" });
  });

  test("says what applying a part would do: others stay, or go with --prune", async () => {
    const part = join(scratch, "part.yaml");
    const docs = readFileSync(join(folder, "docs.yaml"), "utf8");
    writeFileSync(part, docs.replace("Host(`docs.localhost`)", "Host(`doc.localhost`)"));
    const applied = await fairway("diff", part, "--operator", url, "--output", "json");
    expect(applied.code).toBe(1);
    expect(JSON.parse(applied.stdout).summary).toMatchObject({ added: 0, removed: 0, changed: 1, goneProblems: 0 });
    const pruned = await fairway("diff", part, "--operator", url, "--prune", "--output", "json");
    const { routes } = JSON.parse(pruned.stdout) as { routes: { removed: { object: { name: string } }[] } };
    expect(new Set(routes.removed.map(({ object }) => object.name))).toContain("shop");
  });

  test("a route for a Service that only the operator has needs nothing else in the folder", async () => {
    const added = join(scratch, "added.yaml");
    writeFileSync(
      added,
      "apiVersion: fairway.dev/v1alpha1\nkind: IngressRoute\nmetadata: { name: new, namespace: demo }\nspec:\n  routes:\n    - match: Host(`new.localhost`)\n      services: [{ name: api, port: http }]\n",
    );
    const { code, stdout } = await fairway("diff", added, "--operator", url);
    expect(code).toBe(1);
    expect(stdout).toContain("  + Host(`new.localhost`)\n      IngressRoute/demo/new, on web, websecure → demo/api:http\n");
    expect(stdout).toContain("1 route added, 0 removed, 0 changed; 0 problems new, 0 gone");
  });
});

describe("the admin port", () => {
  test("shows no value of a Secret, and not what it refused for", async () => {
    const text = await (await fetch(`${url}/api/v1/objects`)).text();
    expect(text).toContain('"name":"bad"');
    expect(text).not.toContain("c2VjcmV0IHRleHQ=");
    expect(text).not.toContain("PRIVATE KEY");
    const secret = parse(readFileSync(join(folder, "certificate.yaml"), "utf8")) as { stringData: { "tls.key": string } };
    const key = secret.stringData["tls.key"];
    expect(key).toContain("PRIVATE KEY");
    expect(text).not.toContain(Buffer.from(key).toString("base64").slice(40, 100));
  });

  test("shows objects to nobody who comes by another name, as a browser that was led here would", async () => {
    const { port } = new URL(url);
    const asked = await fairwayCurl(Number(port), "evil.example");
    expect(asked.status).toBe(403);
    expect(asked.text).toContain("kubectl port-forward");
  });

  test("is ready, and counts what the operator holds", async () => {
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^fairway_objects\{kind="IngressRoute"\} 6$/m);
    expect(metrics).toMatch(/^fairway_problems\{severity="error"\} [1-9]\d*$/m);
    expect(metrics).toMatch(/^fairway_compile_seconds_count [1-9]/m);
  });
});

async function fairwayCurl(port: number, host: string): Promise<{ readonly status: number; readonly text: string }> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: "127.0.0.1", path: "/api/v1/objects", headers: { host } }, async (response) => {
      let text = "";
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode ?? 0, text });
    });
    asked.once("error", reject);
    asked.end();
  });
}

describe("wrong use is told in one line, with exit code 2", () => {
  test("nobody there, something else there, a world that breaks off", async () => {
    const other = createServer((request, response) => {
      response.end(
        request.url === "/api/v1/objects" ? '{"type":"world","format":1,"version":"0","settings":{},"folder":null}\n' : "",
      );
    });
    const html = createServer((_, response) => void response.end("<html>\n"));
    const ports = await Promise.all(
      [other, html].map(
        (server) =>
          new Promise<number>((resolve) => {
            server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
          }),
      ),
    );
    const [nobody, broken, strange] = await Promise.all([
      fairway("check", "--operator", "http://127.0.0.1:1"),
      fairway("check", "--operator", `http://127.0.0.1:${ports[0]}`),
      fairway("check", "--operator", `http://127.0.0.1:${ports[1]}`),
    ]);
    other.close();
    html.close();
    expect(nobody).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error: --operator \S+ does not answer: .*\n$/) });
    expect(broken).toMatchObject({ code: 2, stderr: expect.stringMatching(/broke off before it had told everything\n$/) });
    expect(strange).toMatchObject({ code: 2, stderr: expect.stringMatching(/is no operator of Fairway: .*\n$/) });
  });

  test.each([
    [["check"], "give a folder of manifests, a single file, -, or a running operator (--operator, --cluster)"],
    [["check", "x", "--operator", "http://127.0.0.1:1"], "give x or a running operator, not both"],
    [["graph", "--operator", "http://127.0.0.1:1", "--cluster"], "--operator says where the operator is"],
    [["diff", "--operator", "http://127.0.0.1:1"], "with a running operator, give one folder or file"],
    [["diff", "config"], "give two folders or files, or one and a running operator"],
    [["test", "--operator", "http://127.0.0.1:1"], "give a file of cases"],
    [["check", "--operator", "ftp://x"], "Write it as http://HOST:PORT"],
    [["check", "--kubeconfig", "/nowhere/config"], "/nowhere/config"],
  ])("%j", async (args, said) => {
    const { code, stderr } = await fairway(...(args as readonly string[]));
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });
});

test("a change of the folder is what tools see next", async () => {
  appendFileSync(
    join(folder, "mistakes.yaml"),
    "---\napiVersion: v1\nkind: Service\nmetadata: { name: nowhere, namespace: demo }\nspec: { ports: [{ port: 80 }] }\n",
  );
  await operator.event("problemSolved", ({ code }) => code === "ServiceNotFound");
  const { stdout } = await fairway("check", "--operator", url);
  expect(stdout).not.toContain("ServiceNotFound");
});

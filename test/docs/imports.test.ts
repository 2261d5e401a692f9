import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** Everything a file loads, directly or through others: files relative to the root, packages by name. Types are erased. */
function reachableFrom(file: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const queue = [join(ROOT, file)];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    const name = relative(ROOT, at);
    if (seen.has(name)) continue;
    seen.add(name);
    for (const [, specifier = ""] of readFileSync(at, "utf8").matchAll(
      /^(?:import|export)\s(?!type\s)(?:[^"';]*?\sfrom\s)?"([^"]+)"/gm,
    )) {
      if (specifier.startsWith(".")) queue.push(join(dirname(at), specifier));
      else seen.add(specifier);
    }
  }
  return seen;
}

test("the proxy reaches neither the control plane nor a Kubernetes client nor a schema compiler", () => {
  const reached = [...reachableFrom("src/cmd/proxy.ts")];
  expect(reached).toContain("src/proxy/supervisor/supervisor.ts");
  expect(
    reached.filter((name) => /^src\/control\/|^src\/channel\/server|^@kubernetes\/|^@dot-i\/|^ajv|^@marcbachmann\//.test(name)),
  ).toEqual([]);
});

test("a worker thread reaches no HTTP library but that for HTTP/2, no logger and no channel", () => {
  const reached = [...reachableFrom("src/proxy/worker/worker-thread.ts")];
  expect(reached).toContain("src/proxy/http1/server-connection.ts");
  expect(reached.filter((name) => /^(node:http$|node:https|undici|pino|@connectrpc\/)|^src\/channel\//.test(name))).toEqual([]);
});

test("the operator reaches nothing of the data plane", () => {
  const reached = [...reachableFrom("src/cmd/operator.ts")];
  expect(reached.filter((name) => name.startsWith("src/proxy/"))).toEqual([]);
});

test("every relative link in the documents at the root leads somewhere", () => {
  for (const document of ["README.md", "ARCHITECTURE.md"]) {
    const text = readFileSync(join(ROOT, document), "utf8");
    const targets = [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, target = ""]) => target);
    for (const target of targets.filter((link) => !link.includes("://")))
      expect(existsSync(join(ROOT, target)), target).toBe(true);
  }
});

import { globSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Plugin } from "rolldown";

/** How a module names a file beside it: what the bundle moves has to be found from another place. */
const NAMED_FILE = /new URL\(\s*"([^"]+)",\s*import\.meta\.url\s*\)/g;

/** The modules that are started as threads, `{ "worker-thread": path }`: every `.ts` file that another one names by URL. */
export function threadsOf(source: string): Readonly<Record<string, string>> {
  const threads: Record<string, string> = {};
  for (const file of globSync("**/*.ts", { cwd: source }).filter((name) => !name.endsWith(".test.ts"))) {
    const path = join(source, file);
    for (const [, name = ""] of readFileSync(path, "utf8").matchAll(NAMED_FILE)) {
      if (!name.endsWith(".ts")) continue;
      const thread = fileURLToPath(new URL(name, pathToFileURL(path)));
      const entry = basename(thread, ".ts");
      if ((threads[entry] ?? thread) !== thread)
        throw new Error(`two threads would be ${entry}.js: ${threads[entry]}, ${thread}`);
      threads[entry] = thread;
    }
  }
  return threads;
}

/**
 * Has modules find their files from the one folder that all bundled code is in. It stands for the package's root: a thread is
 * `./NAME.js` there, and every other file keeps its path from the root.
 */
export function placeUrls(root: string): Plugin {
  return {
    name: "placed-urls",
    transform(code, id) {
      if (!id.startsWith(join(root, "src/")) || !code.includes("import.meta.url")) return null;
      return code.replace(NAMED_FILE, (_, name: string) => `new URL(${JSON.stringify(placed(name, id, root))}, import.meta.url)`);
    },
  };
}

function placed(name: string, id: string, root: string): string {
  const path = fileURLToPath(new URL(name, pathToFileURL(id)));
  if (name.endsWith(".ts")) return `./${basename(path, ".ts")}.js`;
  return `./${relative(root, path)}${name.endsWith("/") && relative(root, path) !== "" ? "/" : ""}`;
}

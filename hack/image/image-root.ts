import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, realpathSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";

/** Who programs in our images run as: nobody's number, as in the images that come without a shell. */
export const USER = "65532";

/** How our images start: Node, and the program's main file in `/app`. */
export const entryPoint = (main: string): readonly string[] => ["/usr/local/bin/node", `/app/${main}`];

/**
 * Lays out an image's root: Node, the libraries it is linked with, and a program in `/app`. Nothing else is in it: no shell, no
 * package manager. The folder is made anew.
 *
 * @param app what goes to `/app`: paths of files or folders, by their names there
 */
export function layOutImageRoot(root: string, app: Readonly<Record<string, string>>): void {
  rmSync(root, { recursive: true, force: true });
  const node = nodeBinary();
  for (const [from, to] of [[node, "/usr/local/bin/node"] as const, ...librariesOf(node)])
    place(realpathSync(from), join(root, to));
  for (const [name, path] of Object.entries(app)) cpSync(path, join(root, "app", name), { recursive: true });
}

/** Node's own binary, of the version that package.json asks for: not the one that happens to run this. */
function nodeBinary(): string {
  const manifest = createRequire(import.meta.url).resolve("node/package.json");
  return join(dirname(manifest), "bin/node");
}

/** What a program loads at its start, by the paths it looks for. */
function librariesOf(program: string): readonly (readonly [from: string, to: string])[] {
  const lines = execFileSync("ldd", [program], { encoding: "utf8" }).split("\n");
  const missing = lines.find((line) => line.includes("not found"));
  if (missing !== undefined) throw new Error(`${basename(program)} needs a library that is not here: ${missing.trim()}`);
  return lines.flatMap((line) => {
    const path = /(?:=> |^\s+)(\/\S+)/.exec(line)?.[1];
    return path === undefined ? [] : [[path, path] as const];
  });
}

function place(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

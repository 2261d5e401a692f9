import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "..");

/** What generation and the checks of new extensions read and write. */
const COPIED = [
  "src",
  "crds",
  "hack",
  "docs/reference",
  "package.json",
  "tsconfig.json",
  "biome.json",
  "vitest.config.ts",
  "buf.yaml",
  "buf.gen.yaml",
  ".gitignore",
];

/** For tests: a copy of the checkout's sources in a temporary folder, sharing node_modules. `remove` takes it away. */
export function copyCheckout(): { readonly root: string; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), "fairway-checkout-"));
  for (const path of COPIED) cpSync(join(ROOT, path), join(root, path), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** Every file of a copy with its content, by path. */
export function filesOf(root: string): Map<string, string> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(join(root, "node_modules")));
  return new Map(paths.map((path) => [path.slice(root.length + 1), readFileSync(path, "latin1")]));
}

/** Paths that one has and the other has not, or with another content, sorted. */
export function changedFiles(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path)).sort();
}

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Folder of the package that a module is in, the innermost one. */
const PACKAGE_FOLDER = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;
const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;

/** The names, licences and licence texts of the packages that these modules are from, as their licences ask of a bundle. */
export function licencesOf(modules: readonly string[]): string {
  const folders = new Set<string>();
  for (const id of modules) {
    const folder = PACKAGE_FOLDER.exec(id.replace(/^\0/, ""))?.[0];
    if (folder !== undefined && existsSync(join(folder, "package.json"))) folders.add(folder);
  }
  return [...folders]
    .sort()
    .map(section)
    .join(`\n${"-".repeat(80)}\n\n`);
}

function section(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, string>;
  const texts = readdirSync(folder)
    .filter((file) => LICENCE_FILE.test(file))
    .map((file) => readFileSync(join(folder, file), "utf8").trim());
  return [`${name} ${version}: ${license ?? "see its text"}`, ...texts].join("\n\n") + "\n";
}

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { camelCase, pascalCase } from "./generate/names.ts";
import { exitCodeOf, SourceError } from "./generate/source-error.ts";
import { matcherTemplate } from "./new/matcher-template.ts";
import { middlewareTemplate } from "./new/middleware-template.ts";

const USAGE = `npm run new -- FAMILY NAME

Makes the folder of a new extension that works at once, to be rewritten. NAME is in lower case, words joined with hyphens.

  npm run new -- middleware request-id   src/extensions/middlewares/request-id: schema.yaml, module, test
  npm run new -- matcher accept-language src/extensions/matchers/accept-language: module, test

  --help   this text
`;

const NAME_LENGTH_MAX = 40;

/** Words that cannot name an export (ECMA-262 §12.7.2, modules being strict). */
const RESERVED = new Set(
  (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for " +
    "function if implements import in instanceof interface let new null package private protected public return static super switch " +
    "this throw true try typeof var void while with yield"
  ).split(" "),
);

interface Family {
  /** Folder of the family, relative to the checkout. */
  readonly parent: string;
  template(name: string): ReadonlyMap<string, string>;
}

const FAMILIES: ReadonlyMap<string, Family> = new Map([
  ["middleware", { parent: "src/extensions/middlewares", template: middlewareTemplate }],
  ["matcher", { parent: "src/extensions/matchers", template: matcherTemplate }],
]);

/** Runs the command; returns its exit code. Throws a SourceError, before anything is written, when the folder cannot be made. */
export async function main(root: string, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { help: { type: "boolean" } } });
  const [familyName = "", name = "", ...more] = positionals;
  const family = FAMILIES.get(familyName);
  if (values.help || family === undefined || name === "" || more.length > 0) {
    process[values.help ? "stdout" : "stderr"].write(USAGE);
    return values.help ? 0 : 2;
  }
  checkName(name);
  const folder = `${family.parent}/${name}`;
  if (existsSync(join(root, folder))) throw new SourceError(`${folder} is there already: edit it, or choose another name`);
  if (familyName === "middleware") checkTitle(root, pascalCase(name));
  mkdirSync(join(root, folder));
  for (const [file, text] of family.template(name)) writeFileSync(join(root, folder, file), text);
  console.log(`Made ${folder}. Next:\n  npm run generate\n  npx vitest run ${folder}\nThen rewrite it to what it shall do.`);
  return 0;
}

function checkName(name: string): void {
  const shown = JSON.stringify(name);
  if (!/^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/.test(name)) {
    throw new SourceError(`${shown} is not a name: use lower-case words joined with hyphens, as in request-id`);
  }
  if (name.length > NAME_LENGTH_MAX) throw new SourceError(`${shown} is longer than ${NAME_LENGTH_MAX} characters`);
  if (RESERVED.has(camelCase(name))) throw new SourceError(`${shown} is a word of the language: choose another name`);
}

/** A title that is taken would make two interfaces of one name. */
function checkTitle(root: string, title: string): void {
  const crd = readFileSync(join(root, "crds/middlewares.yaml"), "utf8");
  if (new RegExp(`^ *title: ${title}$`, "mi").test(crd))
    throw new SourceError(`${title} is a type of the schema already: choose another name`);
}

if (import.meta.main)
  process.exitCode = await exitCodeOf("new", () => main(resolve(import.meta.dirname, ".."), process.argv.slice(2)));

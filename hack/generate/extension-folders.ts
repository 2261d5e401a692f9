import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readIfThere } from "./generated-files.ts";
import { camelCase } from "./names.ts";
import { parseYaml, type Schema } from "./schema.ts";
import { SourceError } from "./source-error.ts";

/** One folder under `src/extensions/middlewares/`. */
export interface MiddlewareFolder {
  readonly folder: string;
  /** Key in a Middleware's spec. */
  readonly kind: string;
  readonly schema: Schema;
  readonly hasModule: boolean;
}

/** One folder under `src/extensions/matchers/`. */
export interface MatcherFolder {
  readonly folder: string;
  /** Name of the matcher the module exports. */
  readonly exportName: string;
}

const MIDDLEWARES = "src/extensions/middlewares";
const MATCHERS = "src/extensions/matchers";

/** The schema key that names the kind where the folder's name in camel case does not give it (`passTLSClientCert`). */
const KIND_KEY = "x-fairway-kind";

/** All middleware folders, sorted by kind. Throws, naming the folder, when one has no schema or two share a kind. */
export function findMiddlewares(root: string): MiddlewareFolder[] {
  const found = foldersIn(join(root, MIDDLEWARES)).map((folder) => readMiddleware(join(root, MIDDLEWARES), folder));
  found.sort((a, b) => (a.kind < b.kind ? -1 : 1));
  for (const [index, { kind, folder }] of found.entries()) {
    const next = found[index + 1];
    if (next?.kind === kind)
      throw new SourceError(`${MIDDLEWARES}/${folder} and ${MIDDLEWARES}/${next.folder} are both of kind ${kind}`);
  }
  return found;
}

/** All matcher folders, sorted by name. Throws, naming the folder, when one has no module. */
export function findMatchers(root: string): MatcherFolder[] {
  return foldersIn(join(root, MATCHERS)).map((folder) => {
    if (!existsSync(join(root, MATCHERS, folder, `${folder}.ts`))) {
      throw new SourceError(`${MATCHERS}/${folder} has no module ${folder}.ts`);
    }
    return { folder, exportName: camelCase(folder) };
  });
}

function readMiddleware(parent: string, folder: string): MiddlewareFolder {
  const text = readIfThere(join(parent, folder, "schema.yaml"));
  if (text === null) throw new SourceError(`${MIDDLEWARES}/${folder} has no schema.yaml`);
  const { [KIND_KEY]: kind = camelCase(folder), ...schema } = parseYaml(text, `${MIDDLEWARES}/${folder}/schema.yaml`) as Schema;
  if (schema.title === undefined) throw new SourceError(`${MIDDLEWARES}/${folder}/schema.yaml has no title`);
  return { folder, kind: String(kind), schema, hasModule: existsSync(join(parent, folder, `${folder}.ts`)) };
}

function foldersIn(parent: string): string[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

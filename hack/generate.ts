import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { findMatchers, findMiddlewares } from "./generate/extension-folders.ts";
import { applyDifferences, compareFiles, type GeneratedFiles } from "./generate/generated-files.ts";
import { composeMiddlewareCrd, MIDDLEWARE_CRD, middlewareCrdText } from "./generate/middleware-crd.ts";
import { generateProtobuf, PROTOBUF_FOLDER } from "./generate/protobuf.ts";
import { referencePages } from "./generate/reference-pages.ts";
import { matcherRegistry, middlewareRegistry } from "./generate/registries.ts";
import { type Crd, readCrd } from "./generate/schema.ts";
import { schemaTypes, TYPES_FOLDER } from "./generate/schema-types.ts";
import { exitCodeOf } from "./generate/source-error.ts";

const USAGE = `npm run generate [-- --check]

Makes everything that derives from crds/, the extension folders and snapshot.proto.

  --check   write nothing; list what is stale and exit 1 when anything is
  --help    this text
`;

/** Folders that hold generated files only. */
const OWNED_FOLDERS = [PROTOBUF_FOLDER, TYPES_FOLDER];

/** Everything that derives from the sources in the checkout at `root`. Pure but for reading: the same sources give the same files. */
export async function generateFiles(root: string): Promise<GeneratedFiles> {
  const middlewares = findMiddlewares(root);
  const matchers = findMatchers(root);
  const middlewareCrd = composeMiddlewareCrd(root, middlewares);
  const crds = [...readHandWrittenCrds(root), middlewareCrd];
  return new Map([
    [MIDDLEWARE_CRD, middlewareCrdText(middlewareCrd)],
    ...(await Promise.all(crds.map(schemaTypes))),
    ["src/extensions/middlewares/registry.gen.ts", middlewareRegistry(middlewares)],
    ["src/extensions/matchers/registry.gen.ts", matcherRegistry(matchers)],
    ...generateProtobuf(root),
    ...(await referencePages({ root, crds, middlewares, matchers })),
  ]);
}

function readHandWrittenCrds(root: string): Crd[] {
  return readdirSync(join(root, "crds"))
    .filter((name) => name.endsWith(".yaml") && name !== "kustomization.yaml" && `crds/${name}` !== MIDDLEWARE_CRD)
    .sort()
    .map((name) => readCrd(root, `crds/${name}`));
}

/** Runs the command; returns its exit code. */
export async function main(root: string, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { check: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const files = await generateFiles(root);
  const differences = compareFiles(root, files, OWNED_FOLDERS);
  if (values.check) {
    for (const path of differences.stale) console.log(`stale     ${path}`);
    for (const path of differences.leftover) console.log(`leftover  ${path}`);
    const count = differences.stale.length + differences.leftover.length;
    if (count > 0) console.log("Run `npm run generate` and commit what it changes.");
    return count > 0 ? 1 : 0;
  }
  applyDifferences(root, files, differences);
  for (const path of differences.stale) console.log(`wrote    ${path}`);
  for (const path of differences.leftover) console.log(`removed  ${path}`);
  return 0;
}

if (import.meta.main)
  process.exitCode = await exitCodeOf("generate", () => main(resolve(import.meta.dirname, ".."), process.argv.slice(2)));

import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { rolldown } from "rolldown";
import { licencesOf } from "./build/licences.ts";
import { placeUrls, threadsOf } from "./build/placed-urls.ts";
import { slimClient } from "./build/slim-client.ts";

const ROOT = join(import.meta.dirname, "..");
/** What the program reads at run time, at the same paths in the package: the CRDs and the schemas of Kubernetes' own kinds. */
const READ_AT_RUN_TIME = ["crds", "src/schema/core"];
/** What stays when the folder is made anew: images are made from it, and put beside it. */
const KEPT = /\.tar$/;

const USAGE = `npm run build [-- --out DIR]

Bundles Fairway into dist/: a folder, and a package for npm, that runs without node_modules.

  --out DIR   another folder; it is emptied first, but for *.tar
  --help      this text
`;

/** Fields of package.json that the package in `dist/` carries on. */
interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly type: string;
  readonly devDependencies: { readonly node: string };
}

/**
 * Bundles the program into a folder of its own: `main.js`, a file for each thread, chunks that they share (a command still loads only
 * what it needs), the files that are read at run time, the licences of what was bundled, and a package.json without dependencies.
 * Names and comments stay, so that a stack trace can be read.
 */
export async function build(out: string): Promise<void> {
  clear(out);
  const main = join(ROOT, "src/main.ts");
  const bundle = await rolldown({
    input: { main, ...threadsOf(join(ROOT, "src")) },
    platform: "node",
    plugins: [placeUrls(ROOT), slimClient(ROOT)],
    onwarn: (warning) => {
      throw new Error(`the bundle is not whole: ${warning.message}`);
    },
  });
  const { output } = await bundle.write({
    dir: out,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "chunk-[name]-[hash].js",
    banner: ({ name }) => (name === "main" ? "#!/usr/bin/env node" : ""),
  });
  await bundle.close();
  chmodSync(join(out, "main.js"), 0o755);
  for (const path of READ_AT_RUN_TIME) copy(path, out);
  copy("LICENSE", out);
  const modules = output.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
  writeFileSync(join(out, "LICENSES-OF-OTHERS"), licencesOf(modules));
  writeFileSync(join(out, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
}

function clear(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (!KEPT.test(name)) rmSync(join(folder, name), { recursive: true });
}

function copy(path: string, out: string): void {
  cpSync(join(ROOT, path), join(out, path), { recursive: true });
}

/** The package as npm installs it: everything is in the bundle, so it needs nothing but Node. */
function manifest(): object {
  const text = readFileSync(join(ROOT, "package.json"), "utf8");
  const { name, version, description, license, type, devDependencies } = JSON.parse(text) as PackageJson;
  const engines = { node: `>=${devDependencies.node.split(".")[0]}` };
  const files = ["*.js", "LICENSES-OF-OTHERS", ...READ_AT_RUN_TIME];
  return { name, version, description, license, type, engines, bin: { fairway: "main.js" }, files };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { out: { type: "string", default: join(ROOT, "dist") }, help: { type: "boolean" } } });
  if (values.help) {
    process.stdout.write(USAGE);
  } else {
    await build(values.out);
    console.log(
      `Built ${relative(process.cwd(), values.out)}. Run it with Node 26: node ${relative(process.cwd(), values.out)}/main.js --help`,
    );
  }
}

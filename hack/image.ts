import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.ts";
import { makeImage } from "./image/archive.ts";
import { layOutImageRoot } from "./image/image-root.ts";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");

/** What config/overlays/local runs. */
export const FAIRWAY_IMAGE = "fairway.dev/fairway:local";

const USAGE = `npm run image [-- options]

Builds Fairway and makes its image, without a container engine: Node, the libraries it needs, and dist/, for Linux on this machine's
processor. The Dockerfile makes the same one for those who have an engine.

  --out FILE   the archive (dist/fairway-image.tar), tagged ${FAIRWAY_IMAGE}
  --root DIR   lay out the image's files in this folder instead
  --help       this text
`;

/** Builds Fairway into a folder and puts its image into an archive. */
export async function makeFairwayImage(archive: string, dist = DIST): Promise<void> {
  await build(dist);
  makeImage({ name: FAIRWAY_IMAGE, app: bundle(dist), main: "main.js" }, archive);
}

/** What the folder holds for the image: all but the archives beside it. */
function bundle(dist: string): Readonly<Record<string, string>> {
  const names = readdirSync(dist).filter((name) => !name.endsWith(".tar"));
  return Object.fromEntries(names.map((name) => [name, join(dist, name)]));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: join(DIST, "fairway-image.tar") },
      root: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
  } else if (values.root !== undefined) {
    await build(DIST);
    layOutImageRoot(values.root, bundle(DIST));
  } else {
    await makeFairwayImage(values.out);
    console.log(`Made ${relative(process.cwd(), values.out)}, tagged ${FAIRWAY_IMAGE}.`);
  }
}

if (import.meta.main) await main();

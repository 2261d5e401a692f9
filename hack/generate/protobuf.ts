import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { GeneratedFiles } from "./generated-files.ts";

/** Where the channel's generated code lives, relative to the checkout. */
export const PROTOBUF_FOLDER = "src/channel/gen";

/** The channel's messages and service as TypeScript, made by `buf generate` (see `buf.gen.yaml`) in a folder of its own. Offline. */
export function generateProtobuf(root: string): GeneratedFiles {
  if (!existsSync(join(root, "src/channel/snapshot.proto"))) return new Map();
  const scratch = mkdtempSync(join(tmpdir(), "fairway-protobuf-"));
  try {
    const bin = join(root, "node_modules/.bin");
    execFileSync(join(bin, "buf"), ["generate", "--output", join(scratch, "out")], {
      cwd: root,
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}`, BUF_CACHE_DIR: join(scratch, "cache") },
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 60_000,
    });
    return readFolder(join(scratch, "out", PROTOBUF_FOLDER), PROTOBUF_FOLDER);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function readFolder(from: string, to: string): GeneratedFiles {
  const entries = readdirSync(from, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [join(to, path.slice(from.length + 1)), readFileSync(path, "utf8")];
    }),
  );
}

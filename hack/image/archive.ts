import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { entryPoint, layOutImageRoot, USER } from "./image-root.ts";

const MAKE = join(import.meta.dirname, "../../test/cluster/local/image");

export interface ImageContents {
  /** Name and tag, as in `fairway.dev/fairway:local`. A tag other than `latest` is what Kubernetes does not try to pull when it is there. */
  readonly name: string;
  /** What goes to `/app`: paths by their names there. */
  readonly app: Readonly<Record<string, string>>;
  /** File in `/app` that Node runs. */
  readonly main: string;
}

/** Makes an image as an archive that `ctr images import` and `docker load` read, without a container engine. Needs Python 3. */
export function makeImage({ name, app, main }: ImageContents, archive: string): void {
  const root = mkdtempSync(join(tmpdir(), "fairway-image-"));
  try {
    layOutImageRoot(root, app);
    const start = entryPoint(main).flatMap((word) => ["--entrypoint", word]);
    const files = readdirSync(root).map((folder) => `${join(root, folder)}=/${folder}`);
    execFileSync(MAKE, [name, archive, ...start, "--user", USER, ...files], { stdio: ["ignore", "ignore", "inherit"] });
  } finally {
    rmSync(root, { recursive: true });
  }
}

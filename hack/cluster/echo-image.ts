import { join } from "node:path";
import { makeImage } from "../image/archive.ts";

const HACK = join(import.meta.dirname, "..");

/** What the demo's Pods run: see config/samples/echo. */
const ECHO_IMAGE = "fairway.dev/echo:local";

/** Puts the echo server's image into an archive. Its two files run as they are. */
export function makeEchoImage(archive: string): void {
  const files = ["cluster/echo.ts", "demo/echo-server.ts"];
  makeImage(
    { name: ECHO_IMAGE, app: Object.fromEntries(files.map((file) => [file, join(HACK, file)])), main: "cluster/echo.ts" },
    archive,
  );
}

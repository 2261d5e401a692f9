import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { matchers } from "../../extensions/matchers/registry.gen.ts";
import { middlewareModules } from "../../extensions/middlewares/registry.gen.ts";
import { assert } from "../../kernel/assert.ts";
import { systemClock } from "../../kernel/clock.ts";
import type { BuildStart, FromBuild, ToBuild } from "../messages.ts";
import { BuildDesk } from "./build-desk.ts";
import { Builder } from "./builder.ts";
import { LastGoodFile } from "./last-good-file.ts";
import { Seal } from "./seal.ts";

/** The main of the build thread. `workerData` is a `BuildStart`; it ends itself after `close`. */

const port = parentPort;
assert(port !== null, "the build thread runs as a worker thread");
const { stateDirectory, stateKeyFile } = workerData as BuildStart;

function send(message: FromBuild): void {
  port?.postMessage(message);
}

function problem(message: string, cause: unknown): void {
  send({ type: "log", level: "error", message, fields: { reason: cause instanceof Error ? cause.message : String(cause) } });
}

/** A key that cannot be read leaves certificates out of the file, which is told; it stops nothing. */
function openSeal(): Seal | null {
  if (stateKeyFile === null) return null;
  try {
    return new Seal(readFileSync(stateKeyFile));
  } catch (cause) {
    problem("the key of the last good snapshot cannot be used; certificates are not kept on disk", cause);
    return null;
  }
}

function openFile(directory: string): LastGoodFile {
  return new LastGoodFile(directory, openSeal(), systemClock, (cause) => {
    problem("the last good snapshot cannot be written", cause);
  });
}

const builder = new Builder({ matchers, middlewares: middlewareModules });
const desk = new BuildDesk(builder, stateDirectory === null ? null : openFile(stateDirectory), send);

port.on("message", (message: ToBuild) => {
  const done = desk.take(message);
  if (message.type === "close") void done.then(() => port.close());
});

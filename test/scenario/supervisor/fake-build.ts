import { parentPort } from "node:worker_threads";
import type { EntryPoint } from "../../../src/model/entry-point.ts";
import type { FromBuild, ToBuild } from "../../../src/proxy/messages.ts";

/** A build thread that passes entry points on and does nothing else, so that a supervisor can be tried without segments. */

const entryPoints = new Map<string, EntryPoint>();
let sequence = 0;

parentPort?.on("message", (message: ToBuild) => {
  if (message.type === "apply") {
    if (message.reset) entryPoints.clear();
    for (const id of message.removals) entryPoints.delete(id);
    for (const { id, body } of message.upserts) entryPoints.set(id, JSON.parse(Buffer.from(body).toString()) as EntryPoint);
    sequence++;
    const list = [...entryPoints.values()];
    const crash = list.some(({ name }) => name === "crash-build");
    if (crash) throw new Error("told to crash");
    const update = { sequence, version: message.version, entryPoints: list, index: [], resources: [], hostnames: [] };
    say({ type: "built", update, refused: [] });
  } else if (message.type === "restore") say({ type: "restored", update: null, held: [], refused: [] });
  else if (message.type === "describe")
    say({ type: "described", request: message.request, json: JSON.stringify([...entryPoints.keys()]) });
  else if (message.type === "close") process.exit(0);
});

function say(message: FromBuild): void {
  parentPort?.postMessage(message);
}

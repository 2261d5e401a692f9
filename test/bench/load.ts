import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Compiler } from "../../src/control/graph/compiler.ts";
import { Publisher } from "../../src/control/publish/publisher.ts";
import { Reconciler } from "../../src/control/reconciler.ts";
import { DirectorySource } from "../../src/control/sources/directory/directory-source.ts";
import { ObjectStore } from "../../src/control/store/object-store.ts";
import { CONTROLLER_NAME, type CompileSettings, EVERY_CLASS } from "../../src/control/translate/settings.ts";
import { Intake } from "../../src/control/validate/intake.ts";
import { KindCatalog } from "../../src/control/validate/kind-catalog.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { resourceId } from "../../src/model/ids.ts";
import { type Bench, table } from "./contract.ts";
import { writeManifests } from "./manifest-folder.ts";

/** CPU time in which 10,000 routes must be a snapshot. */
const GOAL_CPU_S = 5;
const GOAL_ROUTES = 10_000;

const USAGE = `npm run -s bench -- load [--routes N] [--per-file N] [--json]

CPU time from a folder of IngressRoutes to a published snapshot, with the Services and Middlewares they need.
Exits 1 when ${GOAL_ROUTES.toLocaleString("en")} routes or fewer take ${GOAL_CPU_S} s or longer.

  --routes    IngressRoutes in the folder (${GOAL_ROUTES})
  --per-file  how many of them share a file (1)
  --json      one line of JSON instead of the table
`;

export const load: Bench = {
  name: "load",
  summary: "CPU time to load 10,000 IngressRoutes from a folder",
  run: async (args) => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        routes: { type: "string", default: String(GOAL_ROUTES) },
        "per-file": { type: "string", default: "1" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    const result = await measure(Number(values.routes), Number(values["per-file"]));
    process.stdout.write(`${values.json ? JSON.stringify({ bench: "load", ...result }) : shown(result)}\n`);
    return result.routes <= GOAL_ROUTES && result.readCpuS + result.compileCpuS >= GOAL_CPU_S ? 1 : 0;
  },
};

interface Result {
  readonly routes: number;
  readonly objects: number;
  readonly resources: number;
  /** From files to checked objects in the store. */
  readonly readCpuS: number;
  /** From the store to the published snapshot. */
  readonly compileCpuS: number;
  readonly wallS: number;
  readonly heapMiB: number;
}

async function measure(routes: number, routesPerFile: number): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "fairway-load-"));
  try {
    const objects = writeManifests(folder, routes, routesPerFile);
    return await loadFolder(folder, routes, objects);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function loadFolder(folder: string, routes: number, objects: number): Promise<Result> {
  const startedMs = performance.now();
  const [start, store, publisher] = [process.cpuUsage(), new ObjectStore(), new Publisher()];
  const source = new DirectorySource({ directory: folder, intake: new Intake(store, new KindCatalog()) });
  await source.start();
  const read = process.cpuUsage(start);
  const compiler = new Compiler(SETTINGS);
  const reconciler = new Reconciler({ store, compiler, publisher, clock: systemClock, onCompiled: () => {}, onFailed: fail });
  const { problems } = await reconciler.start();
  const all = process.cpuUsage(start);
  await Promise.all([reconciler.stop(), source.stop()]);
  const wrong = [...source.problems(), ...problems].find((problem) => problem.severity === "error");
  if (wrong !== undefined) throw new Error(`${wrong.code}: ${wrong.message}`);
  if (source.counts.objects !== objects) throw new Error(`${objects} objects written, ${source.counts.objects} read`);
  return {
    routes,
    objects,
    resources: publisher.current(EVERY_CLASS)?.resources.size ?? 0,
    readCpuS: seconds(read),
    compileCpuS: seconds(all) - seconds(read),
    wallS: (performance.now() - startedMs) / 1000,
    heapMiB: process.memoryUsage().heapUsed / 2 ** 20,
  };
}

const ENTRY_POINT = { kind: "EntryPoint", namespace: "", name: "web" };

const SETTINGS: CompileSettings = {
  controllerName: CONTROLLER_NAME,
  classes: { select: "every", publishAs: EVERY_CLASS },
  entryPoints: [
    { id: resourceId("entryPoint", ENTRY_POINT), name: "web", host: "127.0.0.1", port: 80, tls: false, trustedProxies: [] },
  ],
  allowCrossNamespace: false,
  allowExternalName: false,
  allowLoopback: false,
  operatorNamespace: "fairway",
};

function fail(error: unknown): never {
  throw error;
}

function seconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6;
}

function shown(result: Result): string {
  const goal = result.routes <= GOAL_ROUTES ? ` (goal: under ${GOAL_CPU_S})` : "";
  return table([
    ["IngressRoutes", result.routes.toLocaleString("en")],
    ["objects", result.objects.toLocaleString("en")],
    ["resources", result.resources.toLocaleString("en")],
    ["read, CPU s", result.readCpuS.toFixed(2)],
    ["compile and publish, CPU s", result.compileCpuS.toFixed(2)],
    ["together, CPU s", (result.readCpuS + result.compileCpuS).toFixed(2) + goal],
    ["wall s", result.wallS.toFixed(2)],
    ["heap MiB", result.heapMiB.toFixed(0)],
  ]);
}

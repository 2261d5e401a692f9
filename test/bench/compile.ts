import { parseArgs } from "node:util";
import { CONTROLLER_NAME, type CompileSettings, EVERY_CLASS } from "../../src/control/translate/settings.ts";
import type { KubernetesObject } from "../../src/control/validate/stored-form.ts";
import { resourceId } from "../../src/model/ids.ts";
import { CompileWorld } from "./compile-world.ts";
import { type Bench, percentile, table } from "./contract.ts";
import { heapMiB } from "./heap.ts";
import { OperatorRun, sizeOf } from "./operator-run.ts";

const USAGE = `npm run -s bench -- compile [--routers N,N,...] [--changes N] [--json]

What compiling costs the operator: a full build, and each kind of change from the object as the API server sends it (schema check,
store, translation, problems, canonical bytes, hashes) to the encoded messages a proxy is sent. CPU time of the whole process,
collections included. Exits 1 when a budget is missed.

  --routers  sizes to measure (10000,100000)
  --changes  how many changes of each kind (200)
  --json     one line of JSON instead of the tables
`;

/** CPU time allowed at `BUDGET_ROUTERS`; with more, a change may cost twice that. */
const BUDGET_ROUTERS = 10_000;
const BUDGET = { buildS: 1.5, heapMiB: 250, routeMs: 3, endpointMs: 1 };
const LARGE_FACTOR = 2;

const KINDS = ["route", "middleware", "endpoint", "service"] as const;
type Kind = (typeof KINDS)[number];

interface ChangeCost {
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Resources and bytes of the median delta. */
  readonly resources: number;
  readonly bytes: number;
}

interface Result {
  readonly routers: number;
  readonly objects: number;
  /** From objects to the store, through the schema. */
  readonly intakeS: number;
  /** From the store to the published snapshot. */
  readonly buildS: number;
  /** Encoding the snapshot for one proxy. */
  readonly sendS: number;
  readonly heapMiB: number;
  readonly snapshotBytes: number;
  readonly changes: Readonly<Record<Kind, ChangeCost>>;
}

export const compile: Bench = {
  name: "compile",
  summary: "CPU time of a full build, and of one change until its delta is encoded",
  run: async (args) => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        routers: { type: "string", default: "10000,100000" },
        changes: { type: "string", default: "200" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    const results: Result[] = [];
    for (const size of values.routers.split(",")) results.push(await measure(Number(size), Number(values.changes)));
    process.stdout.write(`${values.json ? JSON.stringify({ bench: "compile", results }) : results.map(shown).join("\n\n")}\n`);
    return results.every(isWithinBudget) ? 0 : 1;
  },
};

async function measure(routers: number, changes: number): Promise<Result> {
  const world = new CompileWorld(routers);
  const run = new OperatorRun(SETTINGS);
  let objects = 0;
  const [, intakeMs] = await cpuMs(() => {
    for (const object of world.objects()) {
      run.put(object);
      objects++;
    }
  });
  const [problems, buildMs] = await cpuMs(() => run.start());
  const wrong = problems.find((problem) => problem.severity === "error");
  if (wrong !== undefined) throw new Error(`${wrong.code}: ${wrong.message}`);
  const [snapshot, sendMs] = await cpuMs(() => {
    run.subscribe();
    return run.nextDelta();
  });
  await run.acknowledge();
  const heap = heapMiB();
  const costs: [Kind, ChangeCost][] = [];
  for (const kind of KINDS) costs.push([kind, await measureChanges(run, changesOf(kind, world, changes))]);
  await run.stop();
  return {
    routers,
    objects,
    intakeS: intakeMs / 1_000,
    buildS: buildMs / 1_000,
    sendS: sendMs / 1_000,
    heapMiB: heap,
    snapshotBytes: sizeOf(snapshot).bytes,
    changes: Object.fromEntries(costs) as Record<Kind, ChangeCost>,
  };
}

/** Edited objects from all over the world. */
function changesOf(kind: Kind, world: CompileWorld, count: number): readonly KubernetesObject[] {
  const [total, make] = {
    route: [world.routers, (at: number, edit: number) => world.route(at, edit)] as const,
    middleware: [world.middlewares, (at: number, edit: number) => world.middleware(at, edit)] as const,
    endpoint: [world.services, (at: number, edit: number) => world.slice(at, edit)] as const,
    service: [world.services, (at: number, edit: number) => world.service(at, edit)] as const,
  }[kind];
  return Array.from({ length: count }, (_, i) => make(Math.floor((i * total) / count), 1 + (i % 100)));
}

async function measureChanges(run: OperatorRun, objects: readonly KubernetesObject[]): Promise<ChangeCost> {
  const costs: { readonly ms: number; readonly bytes: number; readonly resources: number }[] = [];
  for (const object of objects) {
    const [sent, ms] = await cpuMs(() => {
      run.put(object);
      return run.nextDelta();
    });
    costs.push({ ...sizeOf(sent), ms });
    await run.acknowledge();
  }
  const sorted = (pick: (cost: (typeof costs)[number]) => number) => costs.map(pick).sort((a, b) => a - b);
  const ms = sorted((cost) => cost.ms);
  return {
    medianMs: percentile(ms, 0.5),
    p99Ms: percentile(ms, 0.99),
    maxMs: percentile(ms, 1),
    resources: percentile(
      sorted((cost) => cost.resources),
      0.5,
    ),
    bytes: percentile(
      sorted((cost) => cost.bytes),
      0.5,
    ),
  };
}

async function cpuMs<T>(work: () => T | Promise<T>): Promise<[T, number]> {
  const begin = process.cpuUsage();
  const value = await work();
  const { user, system } = process.cpuUsage(begin);
  return [value, (user + system) / 1_000];
}

const SETTINGS: CompileSettings = {
  controllerName: CONTROLLER_NAME,
  classes: { select: "every", publishAs: EVERY_CLASS },
  entryPoints: [
    {
      id: resourceId("entryPoint", { kind: "EntryPoint", namespace: "", name: "web" }),
      name: "web",
      host: "127.0.0.1",
      port: 80,
      tls: false,
      trustedProxies: [],
    },
  ],
  allowCrossNamespace: false,
  allowExternalName: false,
  allowLoopback: false,
  operatorNamespace: "fairway",
};

/** What a median may be; undefined where there is no budget. */
function budgetMs(kind: Kind, routers: number): number | undefined {
  const factor = routers > BUDGET_ROUTERS ? LARGE_FACTOR : 1;
  if (kind === "route") return BUDGET.routeMs * factor;
  return kind === "endpoint" ? BUDGET.endpointMs * factor : undefined;
}

function isWithinBudget({ routers, buildS, heapMiB: heap, changes }: Result): boolean {
  const isSmall = routers <= BUDGET_ROUTERS;
  if (isSmall && (buildS >= BUDGET.buildS || heap >= BUDGET.heapMiB)) return false;
  return KINDS.every((kind) => changes[kind].medianMs < (budgetMs(kind, routers) ?? Number.POSITIVE_INFINITY));
}

function shown(result: Result): string {
  const { routers, changes } = result;
  const isSmall = routers <= BUDGET_ROUTERS;
  const under = (budget: number | undefined) => (budget === undefined ? "" : `< ${budget}`);
  const whole = [
    [`${routers.toLocaleString("en")} routers, ${result.objects.toLocaleString("en")} objects`, "", "budget"],
    ["objects to store, CPU s", result.intakeS.toFixed(2), ""],
    ["full build, CPU s", result.buildS.toFixed(2), under(isSmall ? BUDGET.buildS : undefined)],
    ["snapshot for one proxy, CPU s", result.sendS.toFixed(2), ""],
    ["heap, MiB", result.heapMiB.toFixed(0), under(isSmall ? BUDGET.heapMiB : undefined)],
    ["snapshot, bytes", result.snapshotBytes.toLocaleString("en"), ""],
  ];
  const head = ["one change, CPU ms", "median", "budget", "p99", "max", "resources", "bytes"];
  const rows = KINDS.map((kind) => {
    const { medianMs, p99Ms, maxMs, resources, bytes } = changes[kind];
    const times = [medianMs.toFixed(2), under(budgetMs(kind, routers)), p99Ms.toFixed(2), maxMs.toFixed(2)];
    return [kind, ...times, String(resources), bytes.toLocaleString("en")];
  });
  return `${table(whole)}\n\n${table([head, ...rows])}`;
}

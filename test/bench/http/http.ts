import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Bench, table } from "../contract.ts";
import { wholeNumber, wrongFlag } from "../flags.ts";
import { CASES, casesNamed } from "./cases.ts";
import { endOnSignals, IS_PINNED } from "./children.ts";
import { envoy } from "./envoy-target.ts";
import { fairway } from "./fairway-target.ts";
import type { Row, Spread } from "./figures.ts";
import { goalCells } from "./goals.ts";
import { missingH2load } from "./h2load.ts";
import { haproxy } from "./haproxy-target.ts";
import { IDLE_KINDS, type IdleKind, type IdleMemory } from "./memory.ts";
import { nginx } from "./nginx-target.ts";
import { pageWith } from "./performance-page.ts";
import { PROFILE_INTERVAL_US, shownProfile } from "./profile.ts";
import { runCases } from "./run.ts";
import type { Target, TargetKind } from "./target.ts";
import { ROUTES } from "./workload.ts";
import { missingWrk } from "./wrk.ts";

const PEERS: readonly TargetKind[] = [nginx, haproxy, envoy];
const CHECKOUT = new URL("../../../", import.meta.url).pathname;
const PAGE = new URL("../../../docs/performance.md", import.meta.url);
const SHORT = { repeats: 5, seconds: 1 };
const LONG = { repeats: 9, seconds: 6 };

const USAGE = `npm run -s bench -- http [options]

CPU time per request of Fairway (one worker) beside nginx, HAProxy and Envoy, each doing the same work: ${ROUTES.toLocaleString("en")} routes, three
middlewares, a buffered access log. What is measured has one core to itself; load and upstream have the other. All run at once and are
loaded in turn. Compare ratios, not microseconds. Exits 1 when a row is void: an answer was not 200, or there was none.

  --cases    some of the cases below, with commas between (all)
  --idle     kinds of idle connections whose memory is told: plain, tls, h2, or none (all; none with --cases)
  --peers    some of ${PEERS.map(({ name }) => name).join(", ")}; or none (all)
  --checkout folder of the checkout that is measured (this one)
  --against  folder of another checkout of this project, which is measured too, as "before"
  --repeats  how often each is loaded in each case (${SHORT.repeats})
  --seconds  how long, each time; whole seconds (${SHORT.seconds})
  --profile  have Fairway write CPU profiles into this folder; say what the worker's comes to (with one case)
  --long     ${LONG.repeats} repeats of ${LONG.seconds} s
  --json     write all figures to this file
  --docs     put the tables into docs/performance.md

Cases:
${CASES.map(({ name, summary }) => `  ${name.padEnd(14)} ${summary}`).join("\n")}
`;

export const http: Bench = {
  name: "http",
  summary: "CPU per request, rates and latencies beside nginx, HAProxy and Envoy",
  run: async (args) => {
    const text = { type: "string" } as const;
    const options = {
      cases: text,
      idle: text,
      profile: text,
      peers: text,
      checkout: text,
      against: text,
      repeats: text,
      seconds: text,
      json: text,
    } as const;
    const { values } = parseArgs({
      args: [...args],
      options: { ...options, long: { type: "boolean" }, docs: { type: "boolean" }, help: { type: "boolean" } },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    const preset = values.long ? LONG : SHORT;
    const repeats = wholeNumber("repeats", values.repeats, preset.repeats);
    const seconds = wholeNumber("seconds", values.seconds, preset.seconds);
    const cases = casesNamed(values.cases?.split(",") ?? CASES.map(({ name }) => name));
    const missing = [missingWrk(), ...(cases.some(({ speaks }) => speaks === "h2") ? [missingH2load()] : [])].find(
      (one) => one !== null,
    );
    if (missing !== undefined) {
      process.stderr.write(`error: what makes the load is missing: ${missing}\n`);
      return 1;
    }
    endOnSignals();
    const before = values.against === undefined ? [] : [fairway("before", values.against)];
    const kinds = [
      ...present(peersNamed(values.peers)),
      ...before,
      fairway("fairway", values.checkout ?? CHECKOUT, profiling(values.profile)),
    ];
    const about: Target[] = [];
    let printed = "";
    const print = (text: string) => {
      printed += text;
      process.stdout.write(text);
    };
    const idle: IdleMemory[] = [];
    const rows = await runCases({
      kinds,
      cases,
      repeats,
      seconds,
      onTargets: (targets) => {
        about.push(...targets);
        print(`${targets.map(({ name, version }) => `${name} ${version}`).join(", ")}\n`);
        print(`${repeats} repeats of ${seconds} s, ${new Date().toISOString().slice(0, 10)}\n`);
        if (!IS_PINNED) print("Not held to cores: there is no taskset, or one core alone.\n");
      },
      idle:
        values.idle
          ?.split(",")
          .filter((kind) => kind !== "none")
          .map(idleKind) ?? (values.cases === undefined ? IDLE_KINDS : []),
      onIdle: (memory) => {
        idle.push(...memory);
        print(`\n${shownIdle(memory)}\n`);
      },
      onCase: (one, added) => print(`\n${one.name}: ${one.summary}\n${shown(added, one.bodyBytes)}\n`),
    });
    const goals = goalCells(rows);
    if (goals.length > 1) print(`\n${table(goals)}\n`);
    if (values.profile !== undefined) process.stdout.write(`\n${shownProfile(values.profile)}\n`);
    if (values.docs === true) writeFileSync(PAGE, pageWith(readFileSync(PAGE, "utf8"), printed));
    if (values.json !== undefined)
      writeFileSync(values.json, `${JSON.stringify({ ...report(about, repeats, seconds), rows, idle }, null, 1)}\n`);
    return [...rows, ...idle].some(({ wrong }) => wrong !== null) ? 1 : 0;
  },
};

function peersNamed(text: string | undefined): readonly TargetKind[] {
  if (text === undefined) return PEERS;
  const names = text.split(",").filter((name) => name !== "" && name !== "none");
  const unknown = names.find((name) => !PEERS.some((peer) => peer.name === name));
  if (unknown !== undefined)
    throw wrongFlag(`there is no peer "${unknown}"; there are: ${PEERS.map(({ name }) => name).join(", ")}`);
  return PEERS.filter(({ name }) => names.includes(name));
}

function present(kinds: readonly TargetKind[]): readonly TargetKind[] {
  return kinds.filter((kind) => {
    const missing = kind.missing();
    if (missing !== null) process.stderr.write(`${kind.name} is left out: ${missing}\n`);
    return missing === null;
  });
}

function profiling(folder: string | undefined): readonly string[] {
  return folder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${PROFILE_INTERVAL_US}`];
}

function idleKind(text: string): IdleKind {
  const kind = IDLE_KINDS.find((known) => known === text);
  if (kind === undefined) throw wrongFlag(`there are no idle connections "${text}"; there are: ${IDLE_KINDS.join(", ")}`);
  return kind;
}

function shownIdle(memory: readonly IdleMemory[]): string {
  const [first] = memory;
  const cells = memory.map(({ target, kiBEach, wrong }) => [
    target,
    wrong === null ? kiBEach.toFixed(1) : `void: ${wrong.slice(0, 100)}`,
  ]);
  return `idle ${first?.kind}: ${first?.connections.toLocaleString("en")} connections, after a request each\n${table([["", "KiB each"], ...cells])}`;
}

function report(targets: readonly Target[], repeats: number, seconds: number): object {
  const versions = Object.fromEntries(targets.map(({ name, version }) => [name, version]));
  return { bench: "http", versions, isPinned: IS_PINNED, repeats, seconds };
}

/** The rows of one case as a table. */
function shown(rows: readonly Row[], bodyBytes: number | undefined): string {
  const others = rows.map(({ target }) => target).filter((name) => name !== "fairway");
  const perGiB = bodyBytes === undefined ? [] : ["ms/GiB"];
  const head = [
    "",
    "CPU us",
    "user",
    "sys",
    ...perGiB,
    "per s",
    "p50 ms",
    "p99 ms",
    "p99.9 ms",
    ...others.map((name) => `x ${name}`),
  ];
  const cells = rows.map((row) => {
    if (row.wrong !== null) return [row.target, "void", row.wrong.slice(0, 100)];
    const gib = bodyBytes === undefined ? [] : [((row.cpuUs.median / 1_000) * (2 ** 30 / bodyBytes)).toFixed(0)];
    const latencies = [row.p50Ms, row.p99Ms, row.p999Ms].map((ms) => ms.toFixed(2));
    const costs = [row.cpuUs.median, row.userUs, row.systemUs].map((us) => us.toFixed(us < 1_000 ? 1 : 0));
    return [
      row.target,
      ...costs,
      ...gib,
      row.perSecond.toFixed(row.perSecond < 100 ? 1 : 0),
      ...latencies,
      ...others.map((name) => ratioText(row.ratios[name])),
    ];
  });
  return (
    table([head, ...cells.filter(([, cost]) => cost !== "void")]) +
    cells
      .filter(([, cost]) => cost === "void")
      .map((cell) => `\n${cell.join("  ")}`)
      .join("")
  );
}

function ratioText(ratio: Spread | undefined): string {
  return ratio === undefined ? "1" : `${ratio.median.toFixed(2)} [${ratio.low.toFixed(2)}-${ratio.high.toFixed(2)}]`;
}

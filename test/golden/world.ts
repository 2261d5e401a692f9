import { parseAllDocuments } from "yaml";
import type { CompileResult } from "../../src/control/graph/compile-result.ts";
import { Compiler } from "../../src/control/graph/compiler.ts";
import { ObjectStore } from "../../src/control/store/object-store.ts";
import { type ClassSelection, CONTROLLER_NAME, type CompileSettings, EVERY_CLASS } from "../../src/control/translate/settings.ts";
import { Intake } from "../../src/control/validate/intake.ts";
import { KindCatalog } from "../../src/control/validate/kind-catalog.ts";
import { assert } from "../../src/kernel/assert.ts";
import type { Clock } from "../../src/kernel/clock.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import type { EntryPoint } from "../../src/model/entry-point.ts";
import { resourceId } from "../../src/model/ids.ts";
import type { Problem } from "../../src/model/problem.ts";

const kinds = new KindCatalog();

/** What a golden input may say of settings, in a first document `settings: {…}`; the rest is as in `fairway dev`. */
interface GoldenSettings extends Partial<Omit<CompileSettings, "entryPoints" | "classes">> {
  /** Names of the classes served; `cluster`: every IngressClass of our controller; absent: every object counts. */
  readonly classes?: readonly string[] | "cluster";
  /** With `classes: cluster`, whether objects without a class are ours. */
  readonly watchWithoutClass?: boolean;
  /** `tls` or `plain` by name; absent: web and websecure. */
  readonly entryPoints?: Readonly<Record<string, "plain" | "tls">>;
}

/** Everything a golden input describes: the settings, and the objects as the store holds them. */
export interface World {
  readonly settings: CompileSettings;
  readonly store: ObjectStore;
  /** What the schema says of the objects. */
  readonly problems: readonly Problem[];
}

/** An entry point as golden inputs and tests name it. */
export function entryPoint(name: string, tls: boolean, port = 0): EntryPoint {
  const id = resourceId("entryPoint", { kind: "EntryPoint", namespace: "", name });
  return { id, name, host: "127.0.0.1", port, tls, trustedProxies: [] };
}

/** Settings of `fairway dev` without flags, for tests. */
export const DEV_SETTINGS: CompileSettings = {
  controllerName: CONTROLLER_NAME,
  classes: { select: "every", publishAs: EVERY_CLASS },
  entryPoints: [entryPoint("web", false, 8080), entryPoint("websecure", true, 8443)],
  allowCrossNamespace: false,
  allowExternalName: true,
  allowLoopback: true,
  operatorNamespace: "fairway-system",
};

/** Reads a golden input: an optional document of settings, then manifests. */
export function readWorld(text: string): World {
  const documents = parseAllDocuments(text, { merge: true }).map((document) => {
    assert(document.errors.length === 0, `golden input parses: ${document.errors[0]?.message}`);
    return document.toJS() as Record<string, unknown> | null;
  });
  const store = new ObjectStore();
  const intake = new Intake(store, kinds);
  let settings = DEV_SETTINGS;
  for (const document of documents) {
    if (document === null) continue;
    if (document.settings !== undefined) settings = settingsOf(document.settings as GoldenSettings);
    else put(intake, document);
  }
  return { settings, store, problems: [...intake.problems()] };
}

/** A time before the certificates of the golden inputs begin to expire. */
const GOLDEN_CLOCK: Clock = { ...systemClock, now: () => Date.UTC(2026, 0, 1) };

/** Compiles a world from nothing. */
export function compileWorld({ settings, store }: World): { readonly compiler: Compiler; readonly result: CompileResult } {
  const compiler = new Compiler(settings, GOLDEN_CLOCK);
  return { compiler, result: compiler.update(store, "all") };
}

function settingsOf({ classes, watchWithoutClass = false, entryPoints, ...rest }: GoldenSettings): CompileSettings {
  return {
    ...DEV_SETTINGS,
    ...rest,
    ...(classes === undefined ? {} : { classes: selection(classes, watchWithoutClass) }),
    ...(entryPoints === undefined
      ? {}
      : { entryPoints: Object.entries(entryPoints).map(([name, kind]) => entryPoint(name, kind === "tls")) }),
  };
}

function selection(classes: readonly string[] | "cluster", watchWithoutClass: boolean): ClassSelection {
  if (classes === "cluster") return { select: "cluster", names: null, watchWithoutClass };
  return { select: "named", names: classes };
}

function put(intake: Intake, document: unknown): void {
  const identified = intake.identify(document);
  assert(identified.ok && identified.value !== null, `golden input holds objects: ${JSON.stringify(identified)}`);
  intake.put(intake.check(identified.value));
}

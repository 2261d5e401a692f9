import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { EntryPoint as EntryPointSpec } from "../../schema/gen/fairway-class.ts";
import type { StoredObject } from "../store/stored-object.ts";
import {
  accountKey,
  type ClassSettings,
  classesByAccount,
  classSettings,
  type ParametersFound,
  parametersOf,
} from "./class-settings.ts";
import { type ClassMakeup, makeClass } from "./fairway-class.ts";
import type { CompileSettings } from "./settings.ts";
import type { ClassFace, Obstacle, PartTranslation, TranslateView } from "./translation.ts";

/** What was good of a class the last time it was looked at. */
export interface KeptClass {
  readonly settings: ClassSettings;
  /** Its FairwayClass; null when it had none. */
  readonly fairwayClass: StoredObject | null;
  /** Entry points as they were written when they could be honoured, by name. */
  readonly entryPoints: ReadonlyMap<string, EntryPointSpec>;
}

/**
 * What was good of each published class, by name: an explicit input of the build, beside the objects. A FairwayClass that is gone, and
 * an entry point that asks for what cannot be done, must not close ports under traffic.
 */
export type ClassMemory = Map<string, KeptClass>;

/**
 * Finds out what an ingress class is made of, and remembers it; the face is null where the class is not served here.
 *
 * A class of the cluster whose FairwayClass cannot be had keeps what it had, and is not served at first: nobody knows who its proxies
 * are. In a folder, where there is but one proxy, defaults count instead.
 */
export function translateClass(
  name: string,
  view: TranslateView,
  settings: CompileSettings,
  memory: ClassMemory,
): PartTranslation<ClassFace | null> {
  const roster = view.classRoster();
  const isPublished = roster.published.includes(name);
  const { publishAs, select } = settings.classes;
  if (name !== publishAs && !roster.served.includes(name)) {
    // A class that was asked for by name has its proxies, which are told that there is nothing to serve.
    const brings = isPublished ? { brings: makeClass(name, null, NONE, view, settings).resources } : {};
    return { ...unserved(name, memory), ...brings };
  }
  const governing = publishAs === undefined ? name : roster.governing;
  const parameters: ParametersFound = governing === null ? { found: "none" } : parametersOf(governing, view);
  const former = memory.get(publishAs ?? name);
  const consequence = former !== undefined ? KEPT : select === "cluster" ? NOT_SERVED : DEFAULTS;
  const refused = parameters.found === "obstacle" ? [told(parameters.obstacle, governing ?? "", consequence)] : [];
  const isLost = parameters.found === "obstacle" && former === undefined;
  if (isLost && select === "cluster") return { ...unserved(name, memory), problems: refused };
  const fairwayClass =
    parameters.found === "object" ? parameters.object : parameters.found === "none" ? null : former?.fairwayClass;
  const makeup = makeClass(name, fairwayClass ?? null, former?.entryPoints ?? NONE, view, settings);
  if (isPublished && !isLost)
    memory.set(name, { settings: makeup.settings, fairwayClass: fairwayClass ?? null, entryPoints: makeup.good });
  return {
    face: faceOf(makeup, publishAs ?? name),
    resource: null,
    ...(isPublished ? { brings: makeup.resources } : {}),
    problems: isPublished ? [...refused, ...makeup.problems, ...sharedAccount(name, makeup.settings, view, settings)] : [],
  };
}

const NONE: ReadonlyMap<string, EntryPointSpec> = new Map();

function unserved(name: string, memory: ClassMemory): PartTranslation<null> {
  memory.delete(name);
  return { face: null, resource: null, problems: [] };
}

function faceOf({ served, unopened, settings }: ClassMakeup, publishedAs: string): ClassFace {
  return { publishedAs, entryPoints: served, unopened, allowExternalName: settings.allowExternalName };
}

const KEPT = "The class keeps the settings it had.";
const NOT_SERVED = "The class is not served.";
const DEFAULTS = "The defaults count.";

function told({ code, message, hint }: Obstacle, ingressClass: string, consequence: string): Problem {
  const ref: ObjectRef = { kind: "IngressClass", namespace: "", name: ingressClass };
  return problem(code, ref, "spec.parameters", `${message} ${consequence}`, hint);
}

/** Only where classes have proxies of their own: in a folder all of them are served by one. */
function sharedAccount(name: string, own: ClassSettings, view: TranslateView, settings: CompileSettings): readonly Problem[] {
  if (settings.classes.select !== "cluster" || settings.classes.publishAs !== undefined) return [];
  const holder = classesByAccount(view.classRoster(), (one) => classSettings(one, view, settings)).get(
    accountKey(own.serviceAccount),
  );
  if (holder === undefined || holder === name) return [];
  const message = `The proxies of ServiceAccount "${accountKey(own.serviceAccount)}" serve the older class "${holder}"; this one has none.`;
  const ref: ObjectRef = { kind: "IngressClass", namespace: "", name };
  const hint = "Give it a FairwayClass with a ServiceAccount of its own in spec.proxies.";
  return [problem("SharedServiceAccount", ref, "spec.parameters", message, hint)];
}

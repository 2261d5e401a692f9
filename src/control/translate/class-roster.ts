import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { ObjectView } from "../store/object-view.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { type CompileSettings, publishedClasses } from "./settings.ts";
import type { ClassRoster, PartTranslation } from "./translation.ts";

const DEFAULT_CLASS_ANNOTATION = "ingressclass.kubernetes.io/is-default-class";

/** What may be the name of an IngressClass (RFC 1123 subdomain): an annotation may hold anything. */
const NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Whether an IngressClass could have this name. */
export function isClassName(name: string): boolean {
  return NAME.test(name);
}

/** Finds out which ingress classes are served here, and which of them objects belong to that name none. */
export function translateClassRoster(view: ObjectView, settings: CompileSettings): PartTranslation<ClassRoster> {
  const all = [...view.ingressClasses()].sort(byAge);
  const ours = all.filter((one) => controllerOf(one) === settings.controllerName && isSelected(one.ref.name, settings));
  const defaults = ours.filter(isDefault);
  const withParameters = ours.filter(hasParameters);
  const { publishAs } = settings.classes;
  const governing = publishAs === undefined ? null : (defaults.filter(hasParameters)[0] ?? withParameters[0] ?? ours[0]);
  const face: ClassRoster = {
    published: publishedNames(ours, settings),
    served: servedNames(all, ours, settings),
    unnamed: unnamedClass(ours, settings),
    candidates: ours.map(({ ref }) => ref.name),
    isDefaultElsewhere: all.some((one) => isDefault(one) && controllerOf(one) !== settings.controllerName),
    governing: governing?.ref.name ?? null,
  };
  const problems = [...severalDefaults(defaults), ...(governing ? settingsElsewhere(governing, withParameters, settings) : [])];
  return { face, resource: null, problems };
}

/** Older first; those without a time, as in a folder, by name. */
function byAge(a: StoredObject, b: StoredObject): number {
  const [ageA, ageB] = [a, b].map(({ createdAtMs }) => createdAtMs ?? 0) as [number, number];
  return ageA - ageB || (a.ref.name < b.ref.name ? -1 : 1);
}

function isSelected(name: string, { classes }: CompileSettings): boolean {
  return classes.select === "every" || classes.names === null || classes.names.includes(name);
}

function publishedNames(ours: readonly StoredObject[], { classes }: CompileSettings): readonly string[] {
  if (classes.select !== "cluster" || classes.publishAs !== undefined) return [...publishedClasses(classes)].sort();
  return ours.map(({ ref }) => ref.name).sort();
}

/** Of the named classes those too that have no IngressClass; one that another controller has is not ours. */
function servedNames(
  all: readonly StoredObject[],
  ours: readonly StoredObject[],
  { classes }: CompileSettings,
): readonly string[] {
  const names = new Set(ours.map(({ ref }) => ref.name));
  if (classes.select === "named") {
    const existing = new Set(all.map(({ ref }) => ref.name));
    for (const name of classes.names) if (!existing.has(name)) names.add(name);
  }
  return [...names].sort();
}

function unnamedClass(ours: readonly StoredObject[], { classes }: CompileSettings): string | null {
  const [marked] = ours.filter(isDefault);
  if (marked !== undefined) return marked.ref.name;
  if (classes.select !== "cluster" || !classes.watchWithoutClass || ours.length !== 1) return null;
  return ours[0]?.ref.name ?? null;
}

function isDefault({ annotations }: StoredObject): boolean {
  return annotations[DEFAULT_CLASS_ANNOTATION] === "true";
}

function hasParameters({ body }: StoredObject): boolean {
  return ((body.spec as { readonly parameters?: unknown } | undefined)?.parameters ?? null) !== null;
}

function controllerOf(ingressClass: StoredObject): string | undefined {
  return (ingressClass.body.spec as { readonly controller?: string } | undefined)?.controller;
}

function severalDefaults(defaults: readonly StoredObject[]): readonly Problem[] {
  const [first] = defaults;
  if (first === undefined || defaults.length < 2) return [];
  const names = defaults.map(({ ref }) => `"${ref.name}"`).join(", ");
  return defaults.map(({ ref }) =>
    problem(
      "SeveralDefaultClasses",
      ref,
      `metadata.annotations[${DEFAULT_CLASS_ANNOTATION}]`,
      `These ingress classes are all marked as the default: ${names}. The oldest counts: "${first.ref.name}".`,
      "Mark one of them.",
    ),
  );
}

/** Where several classes are served as one, the settings of one of them count. */
function settingsElsewhere(
  governing: StoredObject,
  withParameters: readonly StoredObject[],
  { keepsEntryPoints }: CompileSettings,
): readonly Problem[] {
  if (keepsEntryPoints === true) return [];
  const others = withParameters.filter((one) => one !== governing && !isSameParameters(one, governing));
  return others.map(({ ref }) => {
    const message = `All classes are served as one here, with the settings of class "${governing.ref.name}"; those of this one do not count.`;
    return problem("SettingsElsewhere", ref, "spec.parameters", message, `Serve this one alone with --class ${ref.name}.`);
  });
}

function isSameParameters(a: StoredObject, b: StoredObject): boolean {
  const [nameOfA, nameOfB] = [a, b].map(
    ({ body }) => (body.spec as { readonly parameters?: { readonly name?: string } }).parameters?.name,
  );
  return nameOfA === nameOfB;
}

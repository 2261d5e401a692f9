import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { ObjectView } from "../store/object-view.ts";
import type { StoredObject } from "../store/stored-object.ts";
import type { CompileSettings } from "./settings.ts";

/** The annotation by which objects named their class before there was a field for it. */
export const CLASS_ANNOTATION = "kubernetes.io/ingress.class";

const DEFAULT_CLASS_ANNOTATION = "ingressclass.kubernetes.io/is-default-class";

/** The class an object is served by here, or null; and what is odd about how it says so (told only when it is served). */
export interface ClassChoice {
  readonly className: string | null;
  readonly problems: readonly Problem[];
}

/**
 * Finds the class of an Ingress or IngressRoute: `spec.ingressClassName`, else the annotation, else the default class.
 *
 * A class is ours when it is among the classes served; where an IngressClass of that name exists, its controller must be ours too.
 */
export function classOf(object: StoredObject, view: ObjectView, settings: CompileSettings): ClassChoice {
  const spec = (object.body.spec ?? {}) as { readonly ingressClassName?: string | null };
  const field = spec.ingressClassName || undefined;
  const annotation = object.annotations[CLASS_ANNOTATION] || undefined;
  const className = servedClass(field ?? annotation, view, settings);
  if (className === null || field === undefined || annotation === undefined || field === annotation)
    return { className, problems: [] };
  const told = problem(
    "ClassMismatch",
    object.ref,
    "spec.ingressClassName",
    `The field says class "${field}", the annotation ${CLASS_ANNOTATION} says "${annotation}"; the field counts.`,
    `Remove the annotation ${CLASS_ANNOTATION}.`,
  );
  return { className, problems: [told] };
}

function servedClass(named: string | undefined, view: ObjectView, settings: CompileSettings): string | null {
  if (settings.classes.select === "every") return settings.classes.publishAs;
  const { names, publishAs } = settings.classes;
  const isServed = (name: string): boolean => names.includes(name) && isOurs(name, view, settings);
  const served =
    named === undefined ? names.find((name) => isDefault(name, view, settings)) : isServed(named) ? named : undefined;
  return served === undefined ? null : (publishAs ?? served);
}

function isOurs(name: string, view: ObjectView, settings: CompileSettings): boolean {
  const ingressClass = view.get("IngressClass", "", name);
  return ingressClass === undefined || controllerOf(ingressClass) === settings.controllerName;
}

function isDefault(name: string, view: ObjectView, settings: CompileSettings): boolean {
  const ingressClass = view.get("IngressClass", "", name);
  if (ingressClass === undefined || controllerOf(ingressClass) !== settings.controllerName) return false;
  return ingressClass.annotations[DEFAULT_CLASS_ANNOTATION] === "true";
}

function controllerOf(ingressClass: StoredObject): string | undefined {
  return (ingressClass.body.spec as { readonly controller?: string } | undefined)?.controller;
}

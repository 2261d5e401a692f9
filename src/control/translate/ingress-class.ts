import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { isClassName } from "./class-roster.ts";
import type { CompileSettings } from "./settings.ts";
import type { ClassFace, TranslateView } from "./translation.ts";

/** The annotation by which objects named their class before there was a field for it. */
export const CLASS_ANNOTATION = "kubernetes.io/ingress.class";

/** The class an object is served by here, or null; and what is odd about how it says so. */
export interface ClassChoice {
  /** The name its graph is published under. */
  readonly className: string | null;
  /** Null where `className` is. */
  readonly face: ClassFace | null;
  readonly problems: readonly Problem[];
}

const NOT_OURS: ClassChoice = { className: null, face: null, problems: [] };

/**
 * Finds the class of an Ingress or IngressRoute: `spec.ingressClassName`, else the annotation, else the default class, else, where
 * objects without a class are watched, the only class there is.
 *
 * A class is ours when it is among the classes served (see `ClassSelection`); an object of any other one is not ours to speak of.
 */
export function classOf(object: StoredObject, view: TranslateView, settings: CompileSettings): ClassChoice {
  const spec = (object.body.spec ?? {}) as { readonly ingressClassName?: string | null };
  const field = spec.ingressClassName || undefined;
  const annotation = object.annotations[CLASS_ANNOTATION] || undefined;
  const named = field ?? annotation;
  const { classes } = settings;
  if (classes.select === "every") return choice(view.ingressClass(classes.publishAs), disagreement(object, field, annotation));
  if (named === undefined) return withoutClass(object, view, settings);
  const isName = isClassName(named) || (classes.select === "named" && classes.names.includes(named));
  return isName ? choice(view.ingressClass(named), disagreement(object, field, annotation)) : NOT_OURS;
}

function choice(face: ClassFace | null, problems: readonly Problem[]): ClassChoice {
  return face === null ? NOT_OURS : { className: face.publishedAs, face, problems };
}

function disagreement(object: StoredObject, field: string | undefined, annotation: string | undefined): readonly Problem[] {
  if (field === undefined || annotation === undefined || field === annotation) return [];
  return [
    problem(
      "ClassMismatch",
      object.ref,
      "spec.ingressClassName",
      `The field says class "${field}", the annotation ${CLASS_ANNOTATION} says "${annotation}"; the field counts.`,
      `Remove the annotation ${CLASS_ANNOTATION}.`,
    ),
  ];
}

/** Kubernetes gives Ingresses the default class when they are made, whoever's it is: then one without is of none of ours. */
function withoutClass(object: StoredObject, view: TranslateView, { classes }: CompileSettings): ClassChoice {
  const { unnamed, candidates, isDefaultElsewhere } = view.classRoster();
  const isElsewhere = object.ref.kind === "Ingress" && isDefaultElsewhere;
  if (unnamed !== null && !(isElsewhere && classes.select === "cluster")) return choice(view.ingressClass(unnamed), []);
  const isWatched = classes.select === "cluster" && classes.watchWithoutClass && !isElsewhere;
  if (!isWatched || candidates.length < 2) return NOT_OURS;
  const names = candidates.map((name) => `"${name}"`).join(", ");
  const message = `The object names no ingress class, none is the default, and there are several: ${names}. It is not served.`;
  return { ...NOT_OURS, problems: [problem("ClassUnclear", object.ref, "spec.ingressClassName", message, "Name one.")] };
}

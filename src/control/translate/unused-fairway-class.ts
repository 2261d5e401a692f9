import { problem } from "../../model/problem-codes.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { parametersOf } from "./class-settings.ts";
import { makeClass } from "./fairway-class.ts";
import type { CompileSettings } from "./settings.ts";
import { nothing, type RootTranslation, type TranslateView } from "./translation.ts";

/** What a FairwayClass says of itself where no ingress class does it for it: that nobody uses it, and what would be wrong. */
export function translateFairwayClass(object: StoredObject, view: TranslateView, settings: CompileSettings): RootTranslation {
  const isUsed = view.classRoster().candidates.some((name) => {
    const parameters = parametersOf(name, view);
    return parameters.found === "object" && parameters.object.ref.name === object.ref.name;
  });
  if (isUsed) return nothing();
  const hint = `Name it in spec.parameters of an IngressClass with the controller ${settings.controllerName}.`;
  const unused = problem(
    "UnusedFairwayClass",
    object.ref,
    "",
    "No ingress class that is served here names this FairwayClass.",
    hint,
  );
  return nothing(null, [unused, ...makeClass("", object, new Map(), view, settings).problems]);
}

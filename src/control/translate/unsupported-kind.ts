import type { StoredObject } from "../store/stored-object.ts";
import { classOf } from "./ingress-class.ts";
import type { CompileSettings } from "./settings.ts";
import { notSupported } from "./supported.ts";
import { nothing, type RootTranslation, type TranslateView } from "./translation.ts";

/** Kinds without a class that the schema knows and that have no effect yet; the routes that refer to one answer 503. */
export const UNSUPPORTED_KINDS = ["FairwayService", "MiddlewareTCP", "ServersTransportTCP"] as const;

/** Says that an object has no effect yet. */
export function translateUnsupportedKind(object: StoredObject): RootTranslation {
  return nothing(null, [notSupported(object.ref, "", `${object.ref.kind} is not supported yet: the object has no effect.`)]);
}

/** The same of a kind of routes: it is told only when it is of a class that is served here. */
export function translateUnsupportedRoute(object: StoredObject, view: TranslateView, settings: CompileSettings): RootTranslation {
  const { className, problems } = classOf(object, view, settings);
  return className === null
    ? nothing(null, problems)
    : nothing(className, [...problems, ...translateUnsupportedKind(object).problems]);
}

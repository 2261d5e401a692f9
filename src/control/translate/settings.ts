import type { EntryPoint } from "../../model/entry-point.ts";

/** What a build of the graph depends on beside the objects. Frozen for the life of a compiler. */
export interface CompileSettings {
  /** Controller name that an IngressClass must carry to be ours, for example `fairway.dev/ingress-controller`. */
  readonly controllerName: string;
  readonly classes: ClassSelection;
  /** The listening ports, for every class. Their order is of no meaning. */
  readonly entryPoints: readonly EntryPoint[];
  /** Whether references may cross namespaces without a ReferenceGrant. */
  readonly allowCrossNamespace: boolean;
  /** Whether a Service of type ExternalName may be an upstream. */
  readonly allowExternalName: boolean;
  /** Whether endpoints (and external names) may be loopback addresses, so that a local process can be an upstream. */
  readonly allowLoopback: boolean;
  /** Namespace whose defaults (TLSOption and TLSStore `default`) count for everybody. */
  readonly operatorNamespace: string;
}

/**
 * Which ingress classes are served: every object, whatever class it names, published as one class; or the objects of the named
 * classes, each published on its own, or all as one class where `publishAs` names it.
 */
export type ClassSelection =
  | { readonly select: "every"; readonly publishAs: string }
  | { readonly select: "named"; readonly names: readonly string[]; readonly publishAs?: string };

/** The controller name IngressClasses carry in `spec.controller` to be served by Fairway. */
export const CONTROLLER_NAME = "fairway.dev/ingress-controller";

/** The class everything is published as when nobody names one (`fairway dev` without `--class`). */
export const EVERY_CLASS = "fairway";

/** The names of the classes that are published. */
export function publishedClasses(selection: ClassSelection): readonly string[] {
  if (selection.publishAs !== undefined) return [selection.publishAs];
  return selection.select === "every" ? [] : selection.names;
}

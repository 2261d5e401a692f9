import type { EntryPoint } from "../../model/entry-point.ts";

/** What a build of the graph depends on beside the objects. Frozen for the life of a compiler. */
export interface CompileSettings {
  /** Controller name that an IngressClass must carry to be ours, for example `fairway.dev/ingress-controller`. */
  readonly controllerName: string;
  readonly classes: ClassSelection;
  /** The listening ports of every class whose FairwayClass names none. Their order is of no meaning. */
  readonly entryPoints: readonly EntryPoint[];
  /** Whether `entryPoints` count even where a FairwayClass names others; absent: no. */
  readonly keepsEntryPoints?: boolean;
  /** Whether references may cross namespaces without a ReferenceGrant. */
  readonly allowCrossNamespace: boolean;
  /** Whether a Service of type ExternalName may be an upstream, where no FairwayClass says. */
  readonly allowExternalName: boolean;
  /** Whether endpoints (and external names) may be loopback addresses, so that a local process can be an upstream. */
  readonly allowLoopback: boolean;
  /** Namespace whose defaults (TLSOption and TLSStore `default`) count for everybody. */
  readonly operatorNamespace: string;
}

/**
 * Which ingress classes are served: every object, whatever class it names, published as one class; or the objects of the named
 * classes, whether there are IngressClasses of these names or not; or those of the cluster: every IngressClass of our controller, as
 * they come and go. Each is published on its own, or all as one class where `publishAs` names it.
 */
export type ClassSelection =
  | { readonly select: "every"; readonly publishAs: string }
  | { readonly select: "named"; readonly names: readonly string[]; readonly publishAs?: string }
  | {
      readonly select: "cluster";
      /** Only these of the IngressClasses; null: all of our controller. */
      readonly names: readonly string[] | null;
      /** Whether objects that name no class are ours where there is no default class, if there is but one class they could be of. */
      readonly watchWithoutClass: boolean;
      readonly publishAs?: string;
    };

/** The controller name IngressClasses carry in `spec.controller` to be served by Fairway. */
export const CONTROLLER_NAME = "fairway.dev/ingress-controller";

/** The class everything is published as when nobody names one (`fairway dev` without `--class`). */
export const EVERY_CLASS = "fairway";

/** The names of the classes that are published whatever objects there are: none of those that come and go. */
export function publishedClasses(selection: ClassSelection): readonly string[] {
  if (selection.publishAs !== undefined) return [selection.publishAs];
  return selection.select === "named" ? selection.names : [];
}

import { CONTROLLER_NAME, type CompileSettings, EVERY_CLASS } from "../control/translate/settings.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import { DEFAULT_ENTRY_POINTS } from "./entry-point-flags.ts";

/**
 * How manifests from a folder are compiled: local processes and external names may be upstreams; without classes every object counts.
 * Entry points that flags name count before those of a FairwayClass.
 */
export function manifestSettings(entryPoints: readonly EntryPoint[], classes: readonly string[]): CompileSettings {
  return {
    controllerName: CONTROLLER_NAME,
    classes: classes.length === 0 ? { select: "every", publishAs: EVERY_CLASS } : { select: "named", names: classes },
    entryPoints,
    keepsEntryPoints: entryPoints !== DEFAULT_ENTRY_POINTS,
    allowCrossNamespace: false,
    allowExternalName: true,
    allowLoopback: true,
    operatorNamespace: "default",
  };
}

import { type ClassSelection, CONTROLLER_NAME, type CompileSettings, EVERY_CLASS } from "../control/translate/settings.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import { DEFAULT_ENTRY_POINTS } from "./entry-point-flags.ts";

/**
 * How manifests from a folder are compiled: local processes and external names may be upstreams. Entry points that flags name count
 * before those of a FairwayClass.
 */
export function manifestSettings(entryPoints: readonly EntryPoint[], classes: ClassSelection): CompileSettings {
  return {
    controllerName: CONTROLLER_NAME,
    classes,
    entryPoints,
    keepsEntryPoints: entryPoints !== DEFAULT_ENTRY_POINTS,
    allowCrossNamespace: false,
    allowExternalName: true,
    allowLoopback: true,
    operatorNamespace: "default",
  };
}

/** The classes that were named; all objects together where none was. */
export function manifestClasses(names: readonly string[]): ClassSelection {
  return names.length === 0 ? { select: "every", publishAs: EVERY_CLASS } : { select: "named", names };
}

import { CONTROLLER_NAME, type CompileSettings, EVERY_CLASS } from "../control/translate/settings.ts";
import type { EntryPoint } from "../model/entry-point.ts";

/** How manifests from a folder are compiled: local processes and external names may be upstreams; without classes every object counts. */
export function manifestSettings(entryPoints: readonly EntryPoint[], classes: readonly string[]): CompileSettings {
  return {
    controllerName: CONTROLLER_NAME,
    classes: classes.length === 0 ? { select: "every", publishAs: EVERY_CLASS } : { select: "named", names: classes },
    entryPoints,
    allowCrossNamespace: false,
    allowExternalName: true,
    allowLoopback: true,
    operatorNamespace: "default",
  };
}

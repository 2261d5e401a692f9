import type { ResourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import { referenceObstacle } from "./references.ts";
import type { CompileSettings } from "./settings.ts";
import type { Obstacle, TranslateView } from "./translation.ts";

/** The name of the TLSOption and the TLSStore that count for everybody, in the operator's namespace. */
export const DEFAULT_NAME = "default";

/** `tls.options`, as written. */
export interface TlsOptionUse {
  readonly name: string;
  readonly namespace?: string | null;
}

/** Which TLSOption a route wants. */
export interface TlsPolicy {
  /** Undefined: the default. Null: one that cannot be had. */
  readonly option: ResourceId<"tlsOption"> | null | undefined;
  readonly obstacles: readonly Problem[];
}

const DEFAULT_POLICY: TlsPolicy = { option: undefined, obstacles: [] };

/**
 * Resolves the TLSOption an object names in `field`. None named, and `default` without a namespace, mean the default one. What cannot be
 * had is an obstacle: nothing is served under a weaker one.
 */
export function resolveTlsOption(
  use: TlsOptionUse | null | undefined,
  referrer: ObjectRef,
  field: string,
  view: TranslateView,
  settings: CompileSettings,
): TlsPolicy {
  if (!use || (use.name === DEFAULT_NAME && !use.namespace)) return DEFAULT_POLICY;
  const ref: ObjectRef = { kind: "TLSOption", namespace: use.namespace || referrer.namespace, name: use.name };
  if (ref.name === DEFAULT_NAME && ref.namespace === settings.operatorNamespace) return DEFAULT_POLICY;
  const refused = referenceObstacle(referrer, ref, view, settings);
  if (refused !== null) return unavailable(refused, referrer, field);
  const face = view.tlsOption(ref.namespace, ref.name);
  return face.status === "ready" ? { option: face.id, obstacles: [] } : unavailable(face.obstacle, referrer, field);
}

function unavailable({ code, message, hint }: Obstacle, referrer: ObjectRef, field: string): TlsPolicy {
  return { option: null, obstacles: [problem(code, referrer, field, message, hint)] };
}

import type { ObjectRef } from "../../model/object-ref.ts";
import type { StoredObject } from "../store/stored-object.ts";
import type { CompileSettings } from "./settings.ts";
import type { Obstacle, TranslateView } from "./translation.ts";

/**
 * Says why an object may not refer to another, or null: the one place where references across namespaces are judged.
 *
 * A reference is permitted inside a namespace, by a ReferenceGrant in the namespace of what is referred to, or everywhere when the
 * operator allows it (`--allow-cross-namespace`). Whether the target exists plays no part: that would tell who asks.
 */
export function referenceObstacle(
  from: ObjectRef,
  to: ObjectRef,
  view: TranslateView,
  settings: CompileSettings,
): Obstacle | null {
  if (to.namespace === from.namespace || settings.allowCrossNamespace) return null;
  if (view.referenceGrants(to.namespace).some((grant) => grants(grant, from, to))) return null;
  return {
    code: "NotPermitted",
    message: `${to.kind} "${to.namespace}/${to.name}" is in another namespace, which does not permit the reference.`,
    hint: `Add a ReferenceGrant in namespace "${to.namespace}" from ${from.kind} of "${from.namespace}" to ${to.kind}.`,
  };
}

interface GrantSpec {
  readonly from?: readonly { readonly group?: string; readonly kind?: string; readonly namespace?: string }[];
  readonly to?: readonly { readonly group?: string; readonly kind?: string; readonly name?: string }[];
}

function grants(grant: StoredObject, from: ObjectRef, to: ObjectRef): boolean {
  const spec = (grant.body.spec ?? {}) as GrantSpec;
  const fromFits = spec.from?.some(
    (entry) => entry.kind === from.kind && (entry.group ?? "") === groupOf(from.kind) && entry.namespace === from.namespace,
  );
  const toFits = spec.to?.some(
    (entry) => entry.kind === to.kind && (entry.group ?? "") === groupOf(to.kind) && (!entry.name || entry.name === to.name),
  );
  return fromFits === true && toFits === true;
}

/** The API group of a kind that can refer or be referred to. */
function groupOf(kind: string): string {
  if (kind === "Ingress") return "networking.k8s.io";
  return CORE_KINDS.has(kind) ? "" : "fairway.dev";
}

const CORE_KINDS: ReadonlySet<string> = new Set(["Service", "Secret", "ConfigMap"]);

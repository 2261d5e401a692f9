import type { ObjectRef } from "../../model/object-ref.ts";
import type { StoredObject } from "./stored-object.ts";

/** The IngressRoutes an IngressRoute names as its parents, in order, as written: one may be named twice, or not exist. */
export function parentRefsOf({ ref, body }: StoredObject): readonly ObjectRef[] {
  const { parentRefs } = (body.spec ?? {}) as ParentSpec;
  return (parentRefs ?? []).map(({ name, namespace }) => ({ kind: ref.kind, namespace: namespace || ref.namespace, name }));
}

interface ParentSpec {
  readonly parentRefs?: readonly { readonly name: string; readonly namespace?: string | null }[] | null;
}

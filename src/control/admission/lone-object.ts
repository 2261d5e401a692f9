import type { CompilerStore } from "../graph/compiler.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { CONTROLLER_NAME } from "../translate/settings.ts";

/** The class a lone FairwayClass is looked at through. */
const CLASS = "fairway";

/** A world of one object, for a judge that knows no other. A FairwayClass has a class that names it, or nobody would read it. */
export function loneObject(object: StoredObject): CompilerStore {
  const objects = object.ref.kind === "FairwayClass" ? [object, classWith(object)] : [object];
  return {
    get: (kind, namespace, name) =>
      objects.find(({ ref }) => ref.kind === kind && ref.namespace === namespace && ref.name === name),
    list: (kind) => objects.filter(({ ref }) => ref.kind === kind),
    ingressClasses: () => objects.filter(({ ref }) => ref.kind === "IngressClass"),
    endpointSlices: () => [],
    referenceGrants: () => [],
    childrenOf: () => [],
  };
}

function classWith({ ref, createdAtMs }: StoredObject): StoredObject {
  const parameters = { apiGroup: "fairway.dev", kind: ref.kind, name: ref.name };
  return {
    ref: { kind: "IngressClass", namespace: "", name: CLASS },
    apiVersion: "networking.k8s.io/v1",
    generation: 0,
    createdAtMs,
    deleting: false,
    labels: {},
    annotations: {},
    body: { spec: { controller: CONTROLLER_NAME, parameters } },
  };
}

import type { StoredObject } from "./stored-object.ts";

/** What translation may read. The compiler hands out views that note every question, so that the answer's change redoes the work. */
export interface ObjectView {
  /** One object, or undefined when there is none (asking for what is missing counts as a question too). */
  get(kind: string, namespace: string, name: string): StoredObject | undefined;
  /** The EndpointSlices of a Service (label kubernetes.io/service-name), sorted by name. */
  endpointSlices(namespace: string, service: string): readonly StoredObject[];
  /** The ReferenceGrants of a namespace, sorted by name. */
  referenceGrants(namespace: string): readonly StoredObject[];
  /** Every IngressClass, sorted by name. */
  ingressClasses(): readonly StoredObject[];
  /** The IngressRoutes that name this one in their `spec.parentRefs`, whether it is there or not, sorted by namespace and name. */
  childrenOf(namespace: string, name: string): readonly StoredObject[];
}

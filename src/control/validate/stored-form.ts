import type { ObjectRef } from "../../model/object-ref.ts";
import type { StoredObject } from "../store/stored-object.ts";

/** An object as it is written or as the API serves it, once its schema has accepted it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [member: string]: unknown;
}

/** Annotations that say something to us. The rest (what `kubectl apply` and Argo CD note) changes without meaning anything here. */
const ANNOTATIONS_WE_READ =
  /^(?:kubernetes\.io\/ingress\.class$|ingressclass\.kubernetes\.io\/|(?:[a-z.]+\.)?fairway\.dev\/|traefik\.)/;

/** An accepted object with only what we read, so that nothing else can count as a change. */
export function storedForm(ref: ObjectRef, object: KubernetesObject): StoredObject {
  const { apiVersion, kind: _kind, metadata, ...body } = object;
  const createdAtMs = metadata.creationTimestamp === undefined ? Number.NaN : Date.parse(metadata.creationTimestamp);
  return {
    ref,
    apiVersion,
    generation: metadata.generation ?? 0,
    createdAtMs: Number.isNaN(createdAtMs) ? null : createdAtMs,
    deleting: metadata.deletionTimestamp !== undefined,
    labels: metadata.labels ?? {},
    annotations: annotationsRead(metadata.annotations),
    body: ref.kind === "Secret" ? withStringData(body) : body,
  };
}

/** What a null stands for in Kubernetes' own kinds: a field that is not there. Copies only what holds one somewhere. */
export function withoutNulls<T>(value: T): T {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) {
    const items = value.map(withoutNulls);
    return items.some((item, index) => item !== value[index]) ? (items as T) : value;
  }
  const members = value as Readonly<Record<string, unknown>>;
  let copy: Record<string, unknown> | null = null;
  for (const key of Object.keys(members)) {
    const member = members[key];
    const kept = withoutNulls(member);
    if (kept === member && kept !== null) continue;
    copy ??= { ...members };
    if (kept === null) delete copy[key];
    else copy[key] = kept;
  }
  return (copy ?? value) as T;
}

/** A Secret's `stringData` is plain text for `data`, and wins over it, as the API server has it. */
function withStringData(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { stringData, data, ...rest } = body as { stringData?: Record<string, string>; data?: Record<string, string> };
  if (stringData === undefined) return body;
  const encoded = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
  return { ...rest, data: { ...data, ...Object.fromEntries(encoded) } };
}

/** Those of an object's annotations that say something to us. */
export function annotationsRead(annotations: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => ANNOTATIONS_WE_READ.test(name)));
}

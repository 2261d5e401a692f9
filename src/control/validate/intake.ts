import { assert } from "../../kernel/assert.ts";
import type { Result } from "../../kernel/result.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import { objectKey } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { StoredObject } from "../store/stored-object.ts";
import type { KindCatalog, KindSchema } from "./kind-catalog.ts";
import type { KubernetesObject } from "./stored-form.ts";
import { storedForm, withoutNulls } from "./stored-form.ts";

/** A document that is an object of a kind we read. */
export interface IdentifiedObject {
  readonly ref: ObjectRef;
  readonly value: KubernetesObject;
  readonly schema: KindSchema;
}

/** An object that has been held against its schema. */
export interface CheckedObject {
  readonly ref: ObjectRef;
  /** What goes into the store; null when the schema refuses the object. */
  readonly accepted: StoredObject | null;
  /** `metadata.generation`; 0 when the source has none. */
  readonly generation: number;
  readonly problems: readonly Problem[];
}

/** What a schema has against the newest version of an object. */
export interface Objections {
  readonly generation: number;
  /** Whether it was taken in all the same, as with unknown fields; else the last accepted version stays. */
  readonly isAccepted: boolean;
  readonly problems: readonly Problem[];
}

/** Why a document is no object: a sentence, the field at fault, what to write instead. */
export interface NotAnObject {
  readonly field: string;
  readonly message: string;
  readonly hint: string;
}

/** Namespace of objects of namespaced kinds that name none. */
export const DEFAULT_NAMESPACE = "default";

/** RFC 1123 subdomain and label: what the names of objects and namespaces are made of. */
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/**
 * The door to the store. An object that its schema refuses leaves the last accepted version where it is (DESIGN 4.3), as a refused
 * `kubectl apply` would; one with unknown fields comes in, since the API server would only drop them, and is told about.
 */
export class Intake {
  readonly #store: ObjectStore;
  readonly #kinds: KindCatalog;
  readonly #objections = new Map<string, Objections>();

  constructor(store: ObjectStore, kinds: KindCatalog) {
    this.#store = store;
    this.#kinds = kinds;
  }

  /** Who a document describes; null when it is of a kind we do not read. Changes nothing. */
  identify(document: unknown): Result<IdentifiedObject | null, NotAnObject> {
    if (!isRecord(document)) return refuse("", "Not a Kubernetes object.", "Write apiVersion, kind and metadata.");
    const { apiVersion, kind, metadata } = document;
    if (typeof apiVersion !== "string" || apiVersion === "") return refuse("apiVersion", "apiVersion is missing.");
    if (typeof kind !== "string" || kind === "") return refuse("kind", "kind is missing.");
    const schema = this.#kinds.find(apiVersion, kind);
    if (schema === "ignored") return ok(null);
    if ("wrong" in schema) return refuse("kind", schema.wrong, schema.hint);
    const { name, namespace } = isRecord(metadata) ? metadata : {};
    if (typeof name !== "string" || name === "") return refuse("metadata.name", "metadata.name is missing.");
    if (!SUBDOMAIN.test(name)) return refuse("metadata.name", `${JSON.stringify(name)} is not a valid name.`, NAME_HINT);
    const inNamespace = schema.isNamespaced ? (namespace ?? DEFAULT_NAMESPACE) : "";
    if (typeof inNamespace !== "string" || (schema.isNamespaced && !LABEL.test(inNamespace))) {
      return refuse("metadata.namespace", `${JSON.stringify(namespace)} is not a valid namespace.`, NAME_HINT);
    }
    return ok({ ref: { kind, name, namespace: inNamespace }, value: document as unknown as KubernetesObject, schema });
  }

  /** Holds an object against its schema. Changes nothing: what comes back is for `put`. */
  check({ ref, value, schema }: IdentifiedObject): CheckedObject {
    const { status: _, ...rest } = schema.isCore ? withoutNulls(value) : value;
    const written = { ...rest, metadata: withoutNulls(value.metadata) };
    const found = schema.check(written);
    const isAccepted = found.every((each) => each.code === "UnknownField");
    return {
      ref,
      accepted: isAccepted ? storedForm(ref, written) : null,
      generation: value.metadata.generation ?? 0,
      problems: found.map(({ code, field, message, hint }) => problem(code, ref, field, message, hint)),
    };
  }

  /**
   * As `check`, of an object whose kind the API server itself holds to its schema (all but custom resources, whose installed definition
   * may be older than ours): only what it says of fields counts, and newer ones may be there.
   */
  accept(ref: ObjectRef, value: KubernetesObject): CheckedObject {
    const { status: _, ...rest } = withoutNulls(value);
    const { generation = 0 } = value.metadata;
    return { ref, accepted: storedForm(ref, rest as KubernetesObject), generation, problems: [] };
  }

  /** The version of an object that was accepted last. */
  accepted(ref: ObjectRef): StoredObject | undefined {
    return this.#store.get(ref.kind, ref.namespace, ref.name);
  }

  /** The schema of a kind that we read. */
  schemaOf(apiVersion: string, kind: string): KindSchema {
    const found = this.#kinds.find(apiVersion, kind);
    assert(typeof found === "object" && "check" in found, `${kind} of ${apiVersion} is a kind that we read`);
    return found;
  }

  /** Takes an object in, or keeps what was accepted before, and holds the problems. */
  put({ ref, accepted, generation, problems }: CheckedObject): void {
    const key = objectKey(ref);
    if (problems.length === 0) this.#objections.delete(key);
    else this.#objections.set(key, { generation, isAccepted: accepted !== null, problems });
    if (accepted !== null) this.#store.apply(accepted);
  }

  /** The source no longer has the object. */
  remove(ref: ObjectRef): void {
    this.#objections.delete(objectKey(ref));
    this.#store.remove(ref);
  }

  /** What is wrong with the newest version of each object, accepted or not. */
  *problems(): Iterable<Problem> {
    for (const { problems } of this.#objections.values()) yield* problems;
  }

  /** What its schema has against the newest version of one object; undefined when it has nothing. */
  objections(ref: ObjectRef): Objections | undefined {
    return this.#objections.get(objectKey(ref));
  }
}

const NAME_HINT = "Use lower case letters, digits and hyphens, beginning and ending with a letter or digit.";

function refuse(field: string, message: string, hint = ""): Result<never, NotAnObject> {
  return fail({ field, message, hint });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

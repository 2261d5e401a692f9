import type { LocatedProblem, Location, Provenance } from "../control/sources/directory/manifest-set.ts";
import { ObjectStore } from "../control/store/object-store.ts";
import type { StoredObject } from "../control/store/stored-object.ts";
import { GROUP } from "../control/validate/kind-catalog.ts";
import { type ObjectRef, objectKey } from "../model/object-ref.ts";
import type { Problem } from "../model/problem.ts";
import type { ReadObjects } from "./compiled-manifests.ts";

/** How manifests are applied in thought. */
export interface ApplyOptions {
  /** Whether routing objects that the manifests lack are gone, in the namespaces the manifests are about. */
  readonly prune: boolean;
  /** When objects that are new would be made, in ms since the epoch; null where objects have no age, as in a folder. */
  readonly nowMs: number | null;
}

/**
 * What an operator would hold once manifests were applied to what it holds, as `kubectl apply` does: objects of the same kind, namespace
 * and name are replaced, new ones come in, all others stay. What the API server gives an object it keeps: its age, a Service its
 * address. An object that its schema refuses changes nothing.
 */
export function appliedObjects(running: ReadObjects, applied: ReadObjects, { prune, nowMs }: ApplyOptions): ReadObjects {
  const store = new ObjectStore();
  const described = new Set([...applied.manifests.objects()].map(({ object }) => objectKey(object)));
  const isPruned = prune ? pruning(applied, described) : () => false;
  const gone = new Set<string>();
  for (const object of objectsOf(running.store)) {
    if (isPruned(object)) gone.add(objectKey(object.ref));
    else store.apply(object);
  }
  for (const object of objectsOf(applied.store)) store.apply(inPlaceOf(store.get(...nameOf(object)), object, nowMs));
  const manifests = new AppliedProvenance(running.manifests, applied.manifests, described, gone);
  const settings = running.settings === undefined ? {} : { settings: running.settings };
  return { store, manifests, folderProblems: applied.folderProblems, ...settings };
}

/**
 * What an operator holds, without what only its proxies or its own files can be asked about; and with messages that name files relative
 * to `folder`, the one it reads ("" for none).
 */
export function comparable(running: ReadObjects, folder: string): ReadObjects {
  const { manifests } = running;
  const problems = manifests
    .problems()
    .filter(({ code, object }) => code !== "ResourceRefused" && object.kind !== "")
    .map((found) => (folder === "" ? found : { ...found, message: found.message.replaceAll(`${folder}/`, "") }));
  return {
    ...running,
    manifests: {
      size: manifests.size,
      objects: () => manifests.objects(),
      problems: () => problems,
      located: (found) => manifests.located(found),
    },
  };
}

function* objectsOf(store: ObjectStore): Generator<StoredObject> {
  for (const kind of store.kinds()) yield* store.list(kind);
}

function nameOf({ ref: { kind, namespace, name } }: StoredObject): [string, string, string] {
  return [kind, namespace, name];
}

/** Kinds that say where requests go; what else is in a namespace has makers of its own. */
function pruning({ manifests }: ReadObjects, described: ReadonlySet<string>): (object: StoredObject) => boolean {
  const namespaces = new Set([...manifests.objects()].map(({ object }) => object.namespace).filter((name) => name !== ""));
  return ({ ref, apiVersion }) =>
    namespaces.has(ref.namespace) &&
    (ref.kind === "Ingress" || apiVersion.startsWith(`${GROUP}/`)) &&
    !described.has(objectKey(ref));
}

function inPlaceOf(former: StoredObject | undefined, object: StoredObject, nowMs: number | null): StoredObject {
  const createdAtMs = object.createdAtMs ?? former?.createdAtMs ?? nowMs;
  if (former === undefined) return { ...object, createdAtMs };
  const { generation, deleting } = former;
  return {
    ...object,
    createdAtMs,
    generation,
    deleting,
    body: object.ref.kind === "Service" ? withAddress(former, object) : object.body,
  };
}

/** A Service keeps the address it was given, where its manifest does not say another. */
function withAddress({ body: former }: StoredObject, { body }: StoredObject): StoredObject["body"] {
  const { clusterIP, clusterIPs } = (former.spec ?? {}) as {
    readonly clusterIP?: string;
    readonly clusterIPs?: readonly string[];
  };
  const given = { ...(clusterIP === undefined ? {} : { clusterIP }), ...(clusterIPs === undefined ? {} : { clusterIPs }) };
  return { ...body, spec: { ...given, ...((body.spec ?? {}) as object) } };
}

/** Of what the manifests describe they say where it stands and what is wrong with it; of the rest the operator does. */
class AppliedProvenance implements Provenance {
  readonly #running: Provenance;
  readonly #applied: Provenance;
  readonly #described: ReadonlySet<string>;
  readonly #gone: ReadonlySet<string>;

  constructor(running: Provenance, applied: Provenance, described: ReadonlySet<string>, gone: ReadonlySet<string>) {
    this.#running = running;
    this.#applied = applied;
    this.#described = described;
    this.#gone = gone;
  }

  get size(): number {
    return [...this.objects()].length;
  }

  *objects(): Iterable<Location & { readonly object: ObjectRef }> {
    yield* this.#applied.objects();
    for (const found of this.#running.objects()) if (this.#stays(found.object)) yield found;
  }

  problems(): readonly LocatedProblem[] {
    return [...this.#applied.problems(), ...this.#running.problems().filter(({ object }) => this.#stays(object))];
  }

  located(found: Problem): LocatedProblem {
    return (this.#described.has(objectKey(found.object)) ? this.#applied : this.#running).located(found);
  }

  #stays(object: ObjectRef): boolean {
    const key = objectKey(object);
    return !this.#described.has(key) && !this.#gone.has(key);
  }
}

import type { ApiObject } from "../../api/api.ts";
import type { WatchedKind } from "./kinds.ts";
import type { ReflectorSink } from "./reflector.ts";
import { refOf } from "./stored-sink.ts";
import type { WantedObjects } from "./wanted-objects.ts";

/**
 * Asks for objects as metadata alone (Kubernetes API concepts, "metadata-only fetches"); a server that cannot gives them whole, of which
 * no more is kept.
 */
export const METADATA_LIST_TYPE = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
export const METADATA_TYPE = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

interface SeenObject {
  readonly key: string;
  readonly resourceVersion: string;
}

/** Tells which objects of a kind there are, and in which version, to whoever fetches those that are wanted. */
export class MetadataSink implements ReflectorSink<SeenObject> {
  readonly #kind: WatchedKind;
  readonly #wanted: WantedObjects;

  constructor(kind: WatchedKind, wanted: WantedObjects) {
    this.#kind = kind;
    this.#wanted = wanted;
  }

  prepare({ metadata: { namespace = "", name, resourceVersion = "" } }: ApiObject): SeenObject {
    return { key: `${namespace}/${name}`, resourceVersion };
  }

  commit(changed: readonly SeenObject[], gone: readonly string[]): void {
    for (const { key, resourceVersion } of changed) this.#wanted.seen(this.#kind, refOf(this.#kind.kind, key), resourceVersion);
    for (const key of gone) this.#wanted.gone(refOf(this.#kind.kind, key));
  }
}

import type { Clock } from "../../kernel/clock.ts";
import type { RoutingGraph } from "../../model/graph.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import type { KubernetesApi } from "../api/api.ts";
import type { CompiledRoot } from "../graph/compiler.ts";
import type { ObjectView } from "../store/object-view.ts";
import type { StoredObject } from "../store/stored-object.ts";
import type { Objections } from "../validate/intake.ts";
import type { Publishing, StatusClass } from "./class-views.ts";

/** What is asked of the store. */
export type StatusStore = Pick<ObjectView, "get" | "endpointSlices"> & {
  list(kind: string): Iterable<StoredObject>;
  isPending(ref: ObjectRef): boolean;
};

/** What is asked of the compiler: its last run, whatever it does meanwhile. */
export interface StatusCompiler {
  root(ref: ObjectRef): CompiledRoot | undefined;
  roots(): Iterable<CompiledRoot>;
  problemsOf(ref: ObjectRef): readonly Problem[];
  graph(className: string): Pick<RoutingGraph, "resources"> | undefined;
}

export interface StatusKeeperOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly controllerName: string;
  /** This process, for Events: its Pod's name. */
  readonly instance: string;
  readonly store: StatusStore;
  readonly compiler: StatusCompiler;
  /** The classes served now, and how they are configured. */
  readonly classes: () => ReadonlyMap<string, StatusClass>;
  /** What is published for classes that do not say: `--publish-address`, `--publish-service`. */
  readonly publish: Publishing;
  /** What its schema has against the newest version of an object, which then is not in the store. Absent: nothing, ever. */
  readonly objections?: (object: ObjectRef) => Objections | undefined;
  /** The uid of an object that is there, for Events; without it they name none. */
  readonly uidOf?: (object: ObjectRef) => string | undefined;
  /** Called with what could not be written or read; it is tried again. */
  readonly onTrouble?: (what: string, error: unknown) => void;
  /** Called with every write the API server took. */
  readonly onWritten?: (object: ObjectRef) => void;
}

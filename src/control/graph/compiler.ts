import type { RoutingGraph } from "../../model/graph.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { ObjectView } from "../store/object-view.ts";
import type { StoredObject } from "../store/stored-object.ts";
import type { CompileSettings } from "../translate/settings.ts";
import type { CompileResult } from "./compile-result.ts";
import type { Holds } from "./holds.ts";
import { NO_HOLDS } from "./holds.ts";

/** What the compiler reads: the store. */
export interface CompilerStore extends ObjectView {
  list(kind: string): Iterable<StoredObject>;
}

/** Turns all objects into one routing graph per class, redoing only what a change leads to. */
export class Compiler {
  constructor(settings: CompileSettings) {
    void settings;
  }

  /** Brings the graphs up to date with the store, given what changed since the last run (`all` at first). */
  update(store: CompilerStore, changed: Iterable<ObjectRef> | "all", holds: Holds = NO_HOLDS): CompileResult {
    void [store, changed, holds];
    throw new Error("the compiler is being built");
  }

  /** As `update`, giving the event loop back every 20 ms. No two runs at a time. */
  async updateInSteps(store: CompilerStore, changed: Iterable<ObjectRef> | "all", holds: Holds = NO_HOLDS): Promise<CompileResult> {
    return this.update(store, changed, holds);
  }

  /** The whole graph of a class as of the last run. */
  graph(className: string): RoutingGraph {
    throw new Error(`the compiler is being built: ${className}`);
  }
}

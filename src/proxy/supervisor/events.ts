import type { EntryPoint } from "../../model/entry-point.ts";
import type { Refusal } from "../../model/snapshot.ts";

/** What happens in a proxy that people and programs want to know of. */
export type SupervisorEvent =
  /** An entry point is open; its port is the one that was chosen. */
  | { readonly event: "listening"; readonly entryPoint: EntryPoint }
  /** An entry point is no longer served. */
  | { readonly event: "closed"; readonly entryPoint: EntryPoint }
  /** An entry point cannot be opened; the others are served. */
  | { readonly event: "entryPointFailed"; readonly message: string }
  /** Every live worker runs this version. `applyMs`: from the delta's arrival to the last worker's switch. */
  | {
      readonly event: "live";
      readonly version: string;
      readonly sequence: number;
      readonly applyMs: number;
      readonly refused: readonly Refusal[];
    }
  /** The last good snapshot was taken from disk. */
  | { readonly event: "restored"; readonly version: string; readonly resources: number }
  /** A delta did not apply; what ran before runs on. */
  | { readonly event: "rejected"; readonly version: string; readonly reason: string }
  | { readonly event: "workerLost"; readonly slot: number; readonly reason: string }
  | { readonly event: "workerReady"; readonly slot: number }
  | { readonly event: "operatorConnected" }
  /** No operator has been heard for long: ClusterIPs take the place of endpoints. */
  | { readonly event: "isolated" }
  /** An operator confirms what is held, or has said what is new: endpoints are back. */
  | { readonly event: "rejoined" }
  | { readonly event: "operatorLost"; readonly reason: string }
  /** The admin port is open. */
  | { readonly event: "admin"; readonly host: string; readonly port: number }
  | { readonly event: "draining" };

/** What kstatus makes of an object. */
export type KstatusResult = "Terminating" | "InProgress" | "Failed" | "Current";

/** An object as kstatus reads it. */
export interface KstatusObject {
  readonly metadata: { readonly generation?: number; readonly deletionTimestamp?: string };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/**
 * The rules by which Flux and others judge an object of a kind they do not know (sigs.k8s.io/cli-utils, package kstatus/status): deletion,
 * then the observed generation, then Reconciling and Stalled in the order they stand in, then Ready; with none of these it is current.
 * For tests, which hold our statuses to them.
 */
export function kstatus({ metadata, status = {} }: KstatusObject): KstatusResult {
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  const { observedGeneration, conditions = [] } = status;
  if (metadata.generation !== undefined && observedGeneration !== undefined && observedGeneration !== metadata.generation) {
    return "InProgress";
  }
  for (const { type, status: held } of conditions) {
    if (type === "Reconciling" && held === "True") return "InProgress";
    if (type === "Stalled" && held === "True") return "Failed";
  }
  const ready = conditions.find(({ type, status: held }) => type === "Ready" && ["True", "False", "Unknown"].includes(held));
  return ready === undefined || ready.status === "True" ? "Current" : "InProgress";
}

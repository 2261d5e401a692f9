import type { Certificate } from "../../model/certificate.ts";
import type { ClassMemory } from "./class-part.ts";

/**
 * What was good before and still counts where what is written now is not: an explicit input of the build, beside the objects, and
 * kept up to date by it.
 */
export interface CompileMemory {
  readonly classes: ClassMemory;
  /** The last pair of each Secret that could be used, by the id of its certificate. */
  readonly certificates: CertificateMemory;
}

export type CertificateMemory = Map<string, Certificate>;

/** Nothing was there before. */
export function emptyMemory(): CompileMemory {
  return { classes: new Map(), certificates: new Map() };
}

/** A copy that changes on its own. */
export function copyMemory({ classes, certificates }: CompileMemory): CompileMemory {
  return { classes: new Map(classes), certificates: new Map(certificates) };
}

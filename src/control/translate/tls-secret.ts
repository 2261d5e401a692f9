import type { ResourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { TranslateView } from "./translation.ts";

/** A Secret an object names, and the field that does. */
export interface SecretUse {
  readonly name: string;
  readonly field: string;
}

export interface CertificateList {
  /** Without duplicates. */
  readonly ids: readonly ResourceId<"certificate">[];
  readonly problems: readonly Problem[];
}

/** The certificates of the Secrets an object names. One that cannot be used takes nothing else out: its hosts get the default one. */
export function resolveCertificates(object: ObjectRef, uses: readonly SecretUse[], view: TranslateView): CertificateList {
  const ids = new Set<ResourceId<"certificate">>();
  const problems: Problem[] = [];
  for (const { name, field } of uses) {
    const face = view.certificate(object.namespace, name);
    if (face.status === "ready") ids.add(face.id);
    const wrong = face.status === "ready" ? face.concern : face.obstacle;
    if (wrong !== undefined) problems.push(problem(wrong.code, object, field, wrong.message, wrong.hint));
  }
  return { ids: [...ids], problems };
}

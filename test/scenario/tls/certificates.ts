import { makeSelfSigned } from "../../../src/kernel/self-signed.ts";
import type { Certificate } from "../../../src/model/certificate.ts";
import { resourceId } from "../../../src/model/ids.ts";

const DAY_MS = 86_400_000;

/** A self-signed certificate for these names, as a resource named `name`, which is also its common name. */
export async function certificateFor(name: string, names: readonly string[]): Promise<Certificate> {
  const nowMs = Date.now();
  const notBefore = new Date(nowMs - DAY_MS);
  const notAfter = new Date(nowMs + DAY_MS);
  const origin = { kind: "Secret", namespace: "test", name };
  const id = resourceId("certificate", origin);
  return { id, origin, names: [...names].sort(), ...(await makeSelfSigned({ commonName: name, names, notBefore, notAfter })) };
}

import { createSecureContext, type SecureContextOptions } from "node:tls";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { type ProblemCode, problem } from "../../model/problem-codes.ts";
import type { ServersTransport } from "../../model/servers-transport.ts";
import { TLS_VERSION_MAX, TLS_VERSION_MIN, type TlsOption, type TlsVersion } from "../../model/tls-option.ts";
import type { TLSOptionSpec } from "../../schema/gen/tls-option.ts";
import type { ObjectView } from "../store/object-view.ts";
import { authoritiesOf } from "./authorities.ts";
import { opensslCiphers } from "./cipher-suites.ts";
import type { Obstacle, PartTranslation, RefusedFace } from "./translation.ts";

/** What a spec says of TLS, with clients or with servers. */
type TlsSpec = Pick<TLSOptionSpec, "minVersion" | "maxVersion" | "cipherSuites">;

/** TLS versions as specs name them. */
const TLS_VERSIONS: Readonly<Record<NonNullable<TlsSpec["minVersion"]>, TlsVersion>> = {
  VersionTLS10: "TLSv1",
  VersionTLS11: "TLSv1.1",
  VersionTLS12: "TLSv1.2",
  VersionTLS13: "TLSv1.3",
};

/** The versions and cipher suites a spec asks for, in the words of the TLS library. */
export interface TlsTerms {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  readonly ciphers?: string;
}

/** The codes for an object that does not exist, and for one that cannot be honoured. */
interface TlsCodes {
  readonly missing: ProblemCode;
  readonly invalid: ProblemCode;
}

/**
 * Translates an object that says how TLS is spoken for those who refer to it. One that cannot be honoured as a whole is refused: what is
 * left of it, or a default, could be weaker.
 */
export function translateTls<Spec extends TlsSpec, Made extends TlsOption | ServersTransport>(
  ref: ObjectRef,
  view: ObjectView,
  { missing, invalid }: TlsCodes,
  draftOf: (spec: Spec) => TlsDraft<Spec, Made>,
): PartTranslation<{ readonly status: "ready"; readonly id: Made["id"] } | RefusedFace> {
  const named = `${ref.kind} "${ref.namespace}/${ref.name}"`;
  const object = view.get(ref.kind, ref.namespace, ref.name);
  if (object === undefined) return refused({ code: missing, message: `${named} does not exist.`, hint: "" }, []);
  const draft = draftOf((object.body.spec ?? {}) as Spec);
  const resource = draft.make();
  const [first] = draft.problems;
  if (first === undefined) return { face: { status: "ready", id: resource.id }, resource, problems: [] };
  const code = first.code === "NotSupported" ? first.code : invalid;
  const hint = "Its own problems say what to change.";
  return refused({ code, message: `${named} cannot be used: ${first.message}`, hint }, draft.problems);
}

function refused(obstacle: Obstacle, problems: readonly Problem[]): PartTranslation<RefusedFace> {
  return { face: { status: "refused", obstacle }, resource: null, problems };
}

/** An object that says how TLS is spoken, being translated. */
export abstract class TlsDraft<Spec extends TlsSpec, Made> {
  /** What is wrong with it, once it is made: with any, what was made is not to be used. */
  readonly problems: Problem[] = [];
  protected readonly ref: ObjectRef;
  protected readonly spec: Spec;
  protected readonly view: ObjectView;
  readonly #invalid: ProblemCode;

  /** `invalid`: the code for what cannot be honoured. */
  constructor(ref: ObjectRef, spec: Spec, view: ObjectView, invalid: ProblemCode) {
    this.ref = ref;
    this.spec = spec;
    this.view = view;
    this.#invalid = invalid;
  }

  abstract make(): Made;

  protected terms(): TlsTerms {
    const { minVersion, maxVersion, cipherSuites } = this.spec;
    const newest = maxVersion ? TLS_VERSIONS[maxVersion] : TLS_VERSION_MAX;
    const wanted = minVersion ? TLS_VERSIONS[minVersion] : TLS_VERSION_MIN;
    // Who lowers the newest version alone means versions up to it.
    const oldest = !minVersion && wanted > newest ? newest : wanted;
    const ciphers = opensslCiphers(cipherSuites ?? [], oldest < TLS_VERSION_MIN);
    if (!ciphers.ok) this.invalid(`spec.cipherSuites[${ciphers.error.index}]`, ciphers.error.message, ciphers.error.hint);
    return {
      minVersion: oldest,
      maxVersion: newest,
      ...(ciphers.ok && ciphers.value !== undefined ? { ciphers: ciphers.value } : {}),
    };
  }

  /** PEM certificates of authorities, in an object of the same namespace; none when they cannot be had, which `field` is told of. */
  protected authorities(kind: string, name: string, field: string): readonly string[] {
    const found = authoritiesOf({ kind, namespace: this.ref.namespace, name }, this.view);
    if (found.ok) return found.value;
    this.refuse(field, found.error);
    return [];
  }

  /** What the TLS library does not take is refused here, not when somebody connects. For what is wrong already there is no need to ask. */
  protected attempt(options: SecureContextOptions): void {
    if (this.problems.length > 0) return;
    try {
      createSecureContext(options);
    } catch (error) {
      this.invalid("spec", `The TLS library refuses it: ${error instanceof Error ? error.message : String(error)}.`, "");
    }
  }

  protected invalid(field: string, message: string, hint: string): void {
    this.refuse(field, { code: this.#invalid, message, hint });
  }

  protected refuse(field: string, { code, message, hint }: Obstacle): void {
    this.problems.push(problem(code, this.ref, field, message, hint));
  }
}

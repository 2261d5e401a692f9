import { createSecureContext } from "node:tls";
import { fail, ok, type Result } from "../../kernel/result.ts";
import { HTTP_PROTOCOLS } from "../../model/application-protocols.ts";
import { resourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import { TLS_VERSION_MAX, TLS_VERSION_MIN, type TlsOption, type TlsVersion } from "../../model/tls-option.ts";
import type { TLSOptionSpec } from "../../schema/gen/tls-option.ts";
import type { ObjectView } from "../store/object-view.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { authoritiesOf } from "./authorities.ts";
import { opensslCiphers } from "./cipher-suites.ts";
import { notSupported } from "./supported.ts";
import {
  nothing,
  type Obstacle,
  type PartTranslation,
  type RootTranslation,
  type TlsOptionFace,
  type TranslateView,
} from "./translation.ts";

/** Translates a TLSOption for those who refer to it. One that cannot be honoured as a whole is refused: what is left would be weaker. */
export function translateTlsOption(namespace: string, name: string, view: ObjectView): PartTranslation<TlsOptionFace> {
  const ref: ObjectRef = { kind: "TLSOption", namespace, name };
  const object = view.get(ref.kind, namespace, name);
  if (object === undefined) {
    const obstacle: Obstacle = {
      code: "TLSOptionNotFound",
      message: `TLSOption "${namespace}/${name}" does not exist.`,
      hint: "",
    };
    return { face: { status: "refused", obstacle }, resource: null, problems: [] };
  }
  const spec = (object.body.spec ?? {}) as TLSOptionSpec;
  const draft = new Draft(ref, spec, view);
  const resource = draft.make();
  const { problems } = draft;
  if (resource === null) return { face: { status: "refused", obstacle: unusable(ref, problems) }, resource, problems };
  return { face: { status: "ready", id: resource.id }, resource, problems };
}

/** A TLSOption says what is wrong with it, used or not. */
export function translateTlsOptionObject({ ref }: StoredObject, view: TranslateView): RootTranslation {
  view.tlsOption(ref.namespace, ref.name);
  return nothing();
}

function unusable(ref: ObjectRef, [first]: readonly Problem[]): Obstacle {
  const why = first?.message ?? "its options cannot be used";
  const code = first?.code === "NotSupported" ? "NotSupported" : "TLSOptionInvalid";
  const hint = "Its own problems say what to change.";
  return { code, message: `TLSOption "${ref.namespace}/${ref.name}" cannot be used: ${why}`, hint };
}

/** TLS versions as specs name them. */
export const TLS_VERSIONS: Readonly<Record<NonNullable<TLSOptionSpec["minVersion"]>, TlsVersion>> = {
  VersionTLS10: "TLSv1",
  VersionTLS11: "TLSv1.1",
  VersionTLS12: "TLSv1.2",
  VersionTLS13: "TLSv1.3",
};

/** Names of groups as Go and IANA have them, with OpenSSL's. The schema lets no others through. */
const GROUPS: ReadonlyMap<string, string> = new Map([
  ["X25519MLKEM768", "X25519MLKEM768"],
  ["SecP256r1MLKEM768", "SecP256r1MLKEM768"],
  ["SecP384r1MLKEM1024", "SecP384r1MLKEM1024"],
  ["X25519", "X25519"],
  ["CurveP256", "P-256"],
  ["CurveP384", "P-384"],
  ["CurveP521", "P-521"],
  ["secp256r1", "P-256"],
  ["secp384r1", "P-384"],
  ["secp521r1", "P-521"],
]);

const MODES = {
  RequestClientCert: "request",
  RequireAnyClientCert: "require",
  VerifyClientCertIfGiven: "verifyIfGiven",
  RequireAndVerifyClientCert: "requireAndVerify",
} as const;

/** Protocols that may be named though no route is ever served with them. */
const OTHERS_PROTOCOLS: readonly string[] = ["acme-tls/1", "h2"];

/** One TLSOption being translated. */
class Draft {
  readonly problems: Problem[] = [];
  readonly #ref: ObjectRef;
  readonly #spec: TLSOptionSpec;
  readonly #view: ObjectView;

  constructor(ref: ObjectRef, spec: TLSOptionSpec, view: ObjectView) {
    this.#ref = ref;
    this.#spec = spec;
    this.#view = view;
  }

  /** Null when there is a problem. */
  make(): TlsOption | null {
    const { minVersion, maxVersion, curvePreferences, sniStrict, disableSessionTickets } = this.#spec;
    const newest = maxVersion ? TLS_VERSIONS[maxVersion] : TLS_VERSION_MAX;
    const wanted = minVersion ? TLS_VERSIONS[minVersion] : TLS_VERSION_MIN;
    // Who lowers the newest version alone means versions up to it.
    const oldest = !minVersion && wanted > newest ? newest : wanted;
    const ciphers = this.#ciphers(oldest < TLS_VERSION_MIN);
    const protocols = this.#protocols();
    const clientAuth = this.#clientAuth();
    const groups = [...new Set((curvePreferences ?? []).map((name) => GROUPS.get(name) ?? name))].join(":");
    const option: TlsOption = {
      id: resourceId("tlsOption", this.#ref),
      origin: this.#ref,
      minVersion: oldest,
      maxVersion: newest,
      ...(ciphers === undefined ? {} : { ciphers }),
      ...(groups === "" ? {} : { groups }),
      ...(protocols === undefined ? {} : { protocols }),
      ...(sniStrict === true ? { isSniStrict: true } : {}),
      ...(clientAuth === undefined ? {} : { clientAuth }),
      ...(disableSessionTickets === true ? { hasNoTickets: true } : {}),
    };
    if (this.problems.length === 0) this.#try(option);
    return this.problems.length === 0 ? option : null;
  }

  #ciphers(beforeTls12: boolean): string | undefined {
    const result = opensslCiphers(this.#spec.cipherSuites ?? [], beforeTls12);
    if (result.ok) return result.value;
    const { index, message, hint } = result.error;
    this.problems.push(problem("TLSOptionInvalid", this.#ref, `spec.cipherSuites[${index}]`, message, hint));
    return undefined;
  }

  #protocols(): readonly string[] | undefined {
    const names = this.#spec.alpnProtocols ?? [];
    if (names.length === 0) return undefined;
    for (const [index, name] of names.entries()) {
      if (HTTP_PROTOCOLS.includes(name) || OTHERS_PROTOCOLS.includes(name)) continue;
      const message = `The protocol "${name}" is not spoken here; the routes answer 503.`;
      const hint = `Protocols that are: ${HTTP_PROTOCOLS.join(", ")}.`;
      this.problems.push(notSupported(this.#ref, `spec.alpnProtocols[${index}]`, message, hint));
    }
    const spoken = names.filter((name) => HTTP_PROTOCOLS.includes(name));
    if (spoken.length > 0) return spoken;
    const message = `None of the protocols ${names.map((name) => `"${name}"`).join(", ")} is spoken here; the routes answer 503.`;
    this.problems.push(notSupported(this.#ref, "spec.alpnProtocols", message, `Add one of: ${HTTP_PROTOCOLS.join(", ")}.`));
    return undefined;
  }

  #clientAuth(): TlsOption["clientAuth"] {
    const { secretNames, clientAuthType } = this.#spec.clientAuth ?? {};
    const names = secretNames ?? [];
    const type = clientAuthType ?? (names.length > 0 ? "RequireAndVerifyClientCert" : "NoClientCert");
    const authorities: string[] = [];
    for (const [index, name] of names.entries()) {
      const found = authoritiesOf({ kind: "Secret", namespace: this.#ref.namespace, name }, this.#view);
      if (found.ok) authorities.push(...found.value);
      else this.#refuse(`spec.clientAuth.secretNames[${index}]`, found.error);
    }
    if (type === "NoClientCert") return undefined;
    const mode = MODES[type];
    const verifies = mode === "verifyIfGiven" || mode === "requireAndVerify";
    return { mode, authorities: verifies ? [...new Set(authorities)] : [] };
  }

  /** What the TLS library does not take is refused here, not when clients come. */
  #try({ ciphers, groups, minVersion, maxVersion, clientAuth }: TlsOption): void {
    const made = attempt(() =>
      createSecureContext({
        ...(ciphers === undefined ? {} : { ciphers }),
        ...(groups === undefined ? {} : { ecdhCurve: groups }),
        ...(clientAuth === undefined ? {} : { ca: [...clientAuth.authorities] }),
        minVersion,
        maxVersion,
      }),
    );
    if (!made.ok)
      this.problems.push(problem("TLSOptionInvalid", this.#ref, "spec", `The TLS library refuses it: ${made.error}.`));
  }

  #refuse(field: string, { code, message, hint }: Obstacle): void {
    this.problems.push(problem(code, this.#ref, field, message, hint));
  }
}

function attempt<T>(make: () => T): Result<T, string> {
  try {
    return ok(make());
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

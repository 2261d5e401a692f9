import { HTTP_PROTOCOLS } from "../../model/application-protocols.ts";
import { resourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { TlsOption } from "../../model/tls-option.ts";
import type { TLSOptionSpec } from "../../schema/gen/tls-option.ts";
import type { ObjectView } from "../store/object-view.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { notSupported } from "./supported.ts";
import { TlsDraft, translateTls } from "./tls-draft.ts";
import { nothing, type PartTranslation, type RootTranslation, type TlsOptionFace, type TranslateView } from "./translation.ts";

const CODES = { missing: "TLSOptionNotFound", invalid: "TLSOptionInvalid" } as const;

/** Translates a TLSOption for those who refer to it. */
export function translateTlsOption(namespace: string, name: string, view: ObjectView): PartTranslation<TlsOptionFace> {
  const ref: ObjectRef = { kind: "TLSOption", namespace, name };
  return translateTls(ref, view, CODES, (spec: TLSOptionSpec) => new Draft(ref, spec, view, CODES.invalid));
}

/** A TLSOption says what is wrong with it, used or not. */
export function translateTlsOptionObject({ ref }: StoredObject, view: TranslateView): RootTranslation {
  view.tlsOption(ref.namespace, ref.name);
  return nothing();
}

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
const OTHERS_PROTOCOLS: readonly string[] = ["acme-tls/1"];

/** One TLSOption being translated. */
class Draft extends TlsDraft<TLSOptionSpec, TlsOption> {
  override make(): TlsOption {
    const { curvePreferences, sniStrict, disableSessionTickets } = this.spec;
    const terms = this.terms();
    const protocols = this.#protocols();
    const clientAuth = this.#clientAuth();
    const groups = [...new Set((curvePreferences ?? []).map((name) => GROUPS.get(name) ?? name))].join(":");
    const option: TlsOption = {
      id: resourceId("tlsOption", this.ref),
      origin: this.ref,
      ...terms,
      ...(groups === "" ? {} : { groups }),
      ...(protocols === undefined ? {} : { protocols }),
      ...(sniStrict === true ? { isSniStrict: true } : {}),
      ...(clientAuth === undefined ? {} : { clientAuth }),
      ...(disableSessionTickets === true ? { hasNoTickets: true } : {}),
    };
    this.attempt({
      ...terms,
      ...(groups === "" ? {} : { ecdhCurve: groups }),
      ...(clientAuth === undefined ? {} : { ca: [...clientAuth.authorities] }),
    });
    return option;
  }

  #protocols(): readonly string[] | undefined {
    const names = this.spec.alpnProtocols ?? [];
    if (names.length === 0) return undefined;
    for (const [index, name] of names.entries()) {
      if (HTTP_PROTOCOLS.includes(name) || OTHERS_PROTOCOLS.includes(name)) continue;
      const message = `The protocol "${name}" is not spoken here; the routes answer 503.`;
      const hint = `Protocols that are: ${HTTP_PROTOCOLS.join(", ")}.`;
      this.problems.push(notSupported(this.ref, `spec.alpnProtocols[${index}]`, message, hint));
    }
    const spoken = names.filter((name) => HTTP_PROTOCOLS.includes(name));
    if (spoken.length > 0) return spoken;
    const message = `None of the protocols ${names.map((name) => `"${name}"`).join(", ")} is spoken here; the routes answer 503.`;
    this.problems.push(notSupported(this.ref, "spec.alpnProtocols", message, `Add one of: ${HTTP_PROTOCOLS.join(", ")}.`));
    return undefined;
  }

  #clientAuth(): TlsOption["clientAuth"] {
    const { secretNames, clientAuthType } = this.spec.clientAuth ?? {};
    const names = secretNames ?? [];
    const type = clientAuthType ?? (names.length > 0 ? "RequireAndVerifyClientCert" : "NoClientCert");
    const authorities = names.flatMap((name, index) => this.authorities("Secret", name, `spec.clientAuth.secretNames[${index}]`));
    if (type === "NoClientCert") return undefined;
    const mode = MODES[type];
    const verifies = mode === "verifyIfGiven" || mode === "requireAndVerify";
    return { mode, authorities: verifies ? [...new Set(authorities)] : [] };
  }
}

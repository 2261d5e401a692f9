import { hkdfSync } from "node:crypto";
import { type ResourceId, resourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import { problem } from "../../model/problem-codes.ts";
import type { Resource } from "../../model/resource.ts";
import { TICKET_SECRET_BYTES, type TicketSecret } from "../../model/ticket-secret.ts";
import type { TlsDefaults } from "../../model/tls-defaults.ts";
import type { TLSStoreSpec } from "../../schema/gen/tls-store.ts";
import type { StoredObject } from "../store/stored-object.ts";
import type { CompileSettings } from "./settings.ts";
import { TLS_STORE_FIELDS, unsupportedFields } from "./supported.ts";
import { DEFAULT_NAME } from "./tls-policy.ts";
import { resolveCertificates, type SecretUse } from "./tls-secret.ts";
import { nothing, type RootTranslation, type TranslateView } from "./translation.ts";

/** The Secret in the operator's namespace that session tickets of all classes are protected with; operators make and rotate it. */
export const TICKET_SECRET_NAME = "fairway-session-tickets";
/** Its key. */
export const TICKET_SECRET_KEY = "secret";

/** What counts for all TLS connections of a class: from the TLSOption, the TLSStore and the Secret of the operator's namespace. */
export function tlsDefaults(
  className: string,
  view: TranslateView,
  { operatorNamespace: namespace }: CompileSettings,
): readonly Resource[] {
  const origin: ObjectRef = { kind: "IngressClass", namespace: "", name: className };
  const says = {
    ...defaultOption(namespace, view),
    ...storeOf(namespace, view),
  };
  const defaults: TlsDefaults = { id: resourceId("tlsDefaults", origin), origin, ...says };
  return [...(Object.keys(says).length === 0 ? [] : [defaults]), ...ticketSecret(className, namespace, view)];
}

function defaultOption(namespace: string, view: TranslateView): Pick<TlsDefaults, "option"> {
  if (view.get("TLSOption", namespace, DEFAULT_NAME) === undefined) return {};
  const face = view.tlsOption(namespace, DEFAULT_NAME);
  return { option: face.status === "ready" ? face.id : null };
}

function storeOf(namespace: string, view: TranslateView): Pick<TlsDefaults, "certificate" | "certificates"> {
  const store = view.get("TLSStore", namespace, DEFAULT_NAME);
  if (store === undefined) return {};
  const [first, ...others] = usesOf(store);
  const idsOf = (uses: readonly SecretUse[]): readonly ResourceId<"certificate">[] => {
    return resolveCertificates(store.ref, uses, view).ids;
  };
  const hasDefault = first?.field === DEFAULT_FIELD;
  const [certificate] = hasDefault ? idsOf([first]) : [];
  const certificates = idsOf(hasDefault ? others : usesOf(store)).toSorted();
  return { ...(certificate === undefined ? {} : { certificate }), ...(certificates.length === 0 ? {} : { certificates }) };
}

/** Each class has bytes of its own, so that its proxies cannot read the tickets of another. */
function ticketSecret(className: string, namespace: string, view: TranslateView): readonly TicketSecret[] {
  const { data } = (view.get("Secret", namespace, TICKET_SECRET_NAME)?.body ?? {}) as {
    readonly data?: Readonly<Record<string, string>> | null;
  };
  const shared = Buffer.from(data?.[TICKET_SECRET_KEY] ?? "", "base64");
  if (shared.length < TICKET_SECRET_BYTES) return [];
  const own = hkdfSync("sha256", shared, "", `fairway session tickets ${className}`, TICKET_SECRET_BYTES);
  const origin: ObjectRef = { kind: "IngressClass", namespace: "", name: className };
  return [{ id: resourceId("ticketSecret", origin), origin, secret: Buffer.from(own).toString("base64") }];
}

const DEFAULT_FIELD = "spec.defaultCertificate.secretName";

/** The Secrets a TLSStore names; that of the default certificate first, where there is one. */
function usesOf({ body }: StoredObject): readonly SecretUse[] {
  const { defaultCertificate, certificates } = (body.spec ?? {}) as TLSStoreSpec;
  const others = (certificates ?? []).map(({ secretName }, index) => {
    return { name: secretName, field: `spec.certificates[${index}].secretName` };
  });
  const name = defaultCertificate?.secretName;
  return name ? [{ name, field: DEFAULT_FIELD }, ...others] : others;
}

/** A TLSStore says what is wrong with it. */
export function translateTlsStore(object: StoredObject, view: TranslateView, settings: CompileSettings): RootTranslation {
  const { ref, body } = object;
  if (ref.namespace !== settings.operatorNamespace || ref.name !== DEFAULT_NAME) {
    const message = `Only the TLSStore "${settings.operatorNamespace}/${DEFAULT_NAME}" counts; this one has no effect.`;
    const hint = "Name certificates in spec.tls.secretName of the routes.";
    return nothing(null, [problem("TLSStoreIgnored", ref, "", message, hint)]);
  }
  const unsupported = unsupportedFields(body.spec ?? {}, TLS_STORE_FIELDS, ref, "spec", "it has no effect");
  return nothing(null, [...unsupported, ...resolveCertificates(ref, usesOf(object), view).problems]);
}

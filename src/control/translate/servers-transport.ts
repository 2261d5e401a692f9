import { parseDurationMs, TIMER_MAX_MS } from "../../kernel/duration.ts";
import { resourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import { REDACTED } from "../../model/redact.ts";
import type { ServersTransport } from "../../model/servers-transport.ts";
import type { ServersTransportSpec } from "../../schema/gen/servers-transport.ts";
import type { ObjectView } from "../store/object-view.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { keyPairOf } from "./certificate.ts";
import { SERVERS_TRANSPORT_FIELDS, unsupportedFields } from "./supported.ts";
import { TlsDraft, translateTls } from "./tls-draft.ts";
import { nothing, type PartTranslation, type RootTranslation, type TranslateView, type TransportFace } from "./translation.ts";

const CODES = { missing: "ServersTransportNotFound", invalid: "ServersTransportInvalid" } as const;

/** Translates a ServersTransport for those who refer to it. */
export function translateServersTransport(namespace: string, name: string, view: ObjectView): PartTranslation<TransportFace> {
  const ref: ObjectRef = { kind: "ServersTransport", namespace, name };
  return translateTls(ref, view, CODES, (spec: ServersTransportSpec) => new Draft(ref, spec, view, CODES.invalid));
}

/** A ServersTransport says what is wrong with it, used or not. */
export function translateServersTransportObject({ ref }: StoredObject, view: TranslateView): RootTranslation {
  view.transport(ref.namespace, ref.name);
  return nothing();
}

/** One ServersTransport being translated. */
class Draft extends TlsDraft<ServersTransportSpec, ServersTransport> {
  override make(): ServersTransport {
    const { serverName, insecureSkipVerify, forwardingTimeouts, maxIdleConnsPerHost, disableHTTP2 } = this.spec;
    this.problems.push(...unsupportedFields(this.spec, SERVERS_TRANSPORT_FIELDS, this.ref, "spec", "the services answer 503"));
    const authorities = this.#rootAuthorities();
    const peerNames = this.#peerNames();
    const certificates = this.#certificates();
    const terms = this.terms();
    const transport: ServersTransport = {
      id: resourceId("serversTransport", this.ref),
      origin: this.ref,
      ...terms,
      ...(serverName ? { serverName } : {}),
      ...(insecureSkipVerify === true ? { skipsVerification: true } : {}),
      ...(authorities.length === 0 ? {} : { authorities }),
      ...(peerNames.length === 0 ? {} : { peerNames }),
      ...(certificates.length === 0 ? {} : { certificates }),
      ...this.#duration("connectMs", "dialTimeout", forwardingTimeouts?.dialTimeout),
      ...this.#duration("idleMs", "idleConnTimeout", forwardingTimeouts?.idleConnTimeout),
      ...(disableHTTP2 === true ? { avoidsHttp2: true as const } : {}),
      ...(maxIdleConnsPerHost ? { idleConnectionsMax: Math.max(0, maxIdleConnsPerHost) } : {}),
    };
    // Keys that were withheld have been judged.
    const shown = certificates.filter(({ keyPem }) => keyPem !== REDACTED);
    this.attempt({
      ...terms,
      ...(authorities.length === 0 ? {} : { ca: [...authorities] }),
      cert: shown.map(({ chainPem }) => chainPem),
      key: shown.map(({ keyPem }) => keyPem),
    });
    return transport;
  }

  #rootAuthorities(): readonly string[] {
    const uses = [
      ...(this.spec.rootCAs ?? []).map(({ secret, configMap }, index) => {
        return { kind: secret ? "Secret" : "ConfigMap", name: secret || configMap || "", field: `spec.rootCAs[${index}]` };
      }),
      ...(this.spec.rootCAsSecrets ?? []).map((name, index) => ({
        kind: "Secret",
        name,
        field: `spec.rootCAsSecrets[${index}]`,
      })),
    ];
    return [...new Set(uses.flatMap(({ kind, name, field }) => this.authorities(kind, name, field)))];
  }

  #certificates(): NonNullable<ServersTransport["certificates"]> {
    return (this.spec.certificatesSecrets ?? []).flatMap((name, index) => {
      const pair = keyPairOf(this.ref.namespace, name, this.view);
      if (pair.ok) return [pair.value];
      this.refuse(`spec.certificatesSecrets[${index}]`, pair.error);
      return [];
    });
  }

  #peerNames(): NonNullable<ServersTransport["peerNames"]> {
    const { peerCertSANs, peerCertURI } = this.spec;
    return [
      ...(peerCertSANs ?? []).map(({ type, value }) => ({ type, value })),
      ...(peerCertURI ? [{ type: "URI" as const, value: peerCertURI }] : []),
    ];
  }

  #duration<Name extends string>(
    name: Name,
    field: string,
    value: number | string | undefined,
  ): { readonly [name in Name]?: number } {
    if (value === undefined || value === null) return {};
    const ms = typeof value === "number" || /^\d+$/.test(value) ? Number(value) * 1_000 : parseDurationMs(value);
    if (ms !== null && ms <= TIMER_MAX_MS) return { [name]: ms } as { [name in Name]: number };
    const message = `"${value}" is no time that can be kept.`;
    this.invalid(`spec.forwardingTimeouts.${field}`, message, "Write a duration, as in 30s.");
    return {};
  }
}

import { createSecureContext } from "node:tls";
import { parseDurationMs, TIMER_MAX_MS } from "../../kernel/duration.ts";
import { resourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import { REDACTED } from "../../model/redact.ts";
import type { ServersTransport } from "../../model/servers-transport.ts";
import { TLS_VERSION_MAX, TLS_VERSION_MIN, type TlsVersion } from "../../model/tls-option.ts";
import type { ServersTransportSpec } from "../../schema/gen/servers-transport.ts";
import type { ObjectView } from "../store/object-view.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { authoritiesOf } from "./authorities.ts";
import { keyPairOf } from "./certificate.ts";
import { opensslCiphers } from "./cipher-suites.ts";
import { SERVERS_TRANSPORT_FIELDS, unsupportedFields } from "./supported.ts";
import { TLS_VERSIONS } from "./tls-option.ts";
import {
  nothing,
  type Obstacle,
  type PartTranslation,
  type RootTranslation,
  type TranslateView,
  type TransportFace,
} from "./translation.ts";

/** Translates a ServersTransport for those who refer to it. One that cannot be honoured is refused as a whole: a default could be weaker. */
export function translateServersTransport(namespace: string, name: string, view: ObjectView): PartTranslation<TransportFace> {
  const ref: ObjectRef = { kind: "ServersTransport", namespace, name };
  const object = view.get(ref.kind, namespace, name);
  const named = `ServersTransport "${namespace}/${name}"`;
  if (object === undefined) {
    const obstacle: Obstacle = { code: "ServersTransportNotFound", message: `${named} does not exist.`, hint: "" };
    return { face: { status: "refused", obstacle }, resource: null, problems: [] };
  }
  const draft = new Draft(ref, (object.body.spec ?? {}) as ServersTransportSpec, view);
  const resource = draft.make();
  const [first] = draft.problems;
  if (first === undefined) return { face: { status: "ready", id: resource.id }, resource, problems: [] };
  const code = first.code === "NotSupported" ? first.code : "ServersTransportInvalid";
  const obstacle = {
    code,
    message: `${named} cannot be used: ${first.message}`,
    hint: "Its own problems say what to change.",
  } as const;
  return { face: { status: "refused", obstacle }, resource: null, problems: draft.problems };
}

/** A ServersTransport says what is wrong with it, used or not. */
export function translateServersTransportObject({ ref }: StoredObject, view: TranslateView): RootTranslation {
  view.transport(ref.namespace, ref.name);
  return nothing();
}

/** One ServersTransport being translated. */
class Draft {
  readonly problems: Problem[] = [];
  readonly #ref: ObjectRef;
  readonly #spec: ServersTransportSpec;
  readonly #view: ObjectView;

  constructor(ref: ObjectRef, spec: ServersTransportSpec, view: ObjectView) {
    this.#ref = ref;
    this.#spec = spec;
    this.#view = view;
  }

  make(): ServersTransport {
    const { serverName, insecureSkipVerify, forwardingTimeouts, maxIdleConnsPerHost, minVersion, maxVersion } = this.#spec;
    this.problems.push(...unsupportedFields(this.#spec, SERVERS_TRANSPORT_FIELDS, this.#ref, "spec", "the services answer 503"));
    const authorities = this.#authorities();
    const peerNames = this.#peerNames();
    const certificates = this.#certificates();
    const newest = maxVersion ? TLS_VERSIONS[maxVersion] : TLS_VERSION_MAX;
    const wanted = minVersion ? TLS_VERSIONS[minVersion] : TLS_VERSION_MIN;
    const oldest = !minVersion && wanted > newest ? newest : wanted;
    const ciphers = this.#ciphers(oldest);
    const transport: ServersTransport = {
      id: resourceId("serversTransport", this.#ref),
      origin: this.#ref,
      minVersion: oldest,
      maxVersion: newest,
      ...(serverName ? { serverName } : {}),
      ...(insecureSkipVerify === true ? { skipsVerification: true } : {}),
      ...(authorities.length === 0 ? {} : { authorities }),
      ...(peerNames.length === 0 ? {} : { peerNames }),
      ...(certificates.length === 0 ? {} : { certificates }),
      ...(ciphers === undefined ? {} : { ciphers }),
      ...this.#duration("connectMs", "dialTimeout", forwardingTimeouts?.dialTimeout),
      ...this.#duration("idleMs", "idleConnTimeout", forwardingTimeouts?.idleConnTimeout),
      ...(this.#spec.disableHTTP2 === true ? { avoidsHttp2: true as const } : {}),
      ...(maxIdleConnsPerHost ? { idleConnectionsMax: Math.max(0, maxIdleConnsPerHost) } : {}),
    };
    if (this.problems.length === 0) this.#try(transport);
    return transport;
  }

  #authorities(): readonly string[] {
    const uses = [
      ...(this.#spec.rootCAs ?? []).map(({ secret, configMap }, index) => {
        return { kind: secret ? "Secret" : "ConfigMap", name: secret || configMap || "", field: `spec.rootCAs[${index}]` };
      }),
      ...(this.#spec.rootCAsSecrets ?? []).map((name, index) => ({
        kind: "Secret",
        name,
        field: `spec.rootCAsSecrets[${index}]`,
      })),
    ];
    return [...new Set(uses.flatMap(({ kind, name, field }) => this.#authoritiesIn({ ...this.#ref, kind, name }, field)))];
  }

  #authoritiesIn(ref: ObjectRef, field: string): readonly string[] {
    const found = authoritiesOf(ref, this.#view);
    if (found.ok) return found.value;
    this.#refuse(field, found.error);
    return [];
  }

  #certificates(): NonNullable<ServersTransport["certificates"]> {
    return (this.#spec.certificatesSecrets ?? []).flatMap((name, index) => {
      const pair = keyPairOf(this.#ref.namespace, name, this.#view);
      if (pair.ok) return [pair.value];
      this.#refuse(`spec.certificatesSecrets[${index}]`, pair.error);
      return [];
    });
  }

  #peerNames(): NonNullable<ServersTransport["peerNames"]> {
    const { peerCertSANs, peerCertURI } = this.#spec;
    return [
      ...(peerCertSANs ?? []).map(({ type, value }) => ({ type, value })),
      ...(peerCertURI ? [{ type: "URI" as const, value: peerCertURI }] : []),
    ];
  }

  #ciphers(oldest: TlsVersion): string | undefined {
    const result = opensslCiphers(this.#spec.cipherSuites ?? [], oldest < TLS_VERSION_MIN);
    if (result.ok) return result.value;
    const { index, message, hint } = result.error;
    this.#refuse(`spec.cipherSuites[${index}]`, { code: "ServersTransportInvalid", message, hint });
    return undefined;
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
    this.#refuse(`spec.forwardingTimeouts.${field}`, {
      code: "ServersTransportInvalid",
      message,
      hint: "Write a duration, as in 30s.",
    });
    return {};
  }

  /** What the TLS library does not take is refused here, not when requests come. Keys that were withheld have been judged. */
  #try({ authorities, certificates: all = [], ciphers, minVersion, maxVersion }: ServersTransport): void {
    const certificates = all.filter(({ keyPem }) => keyPem !== REDACTED);
    try {
      createSecureContext({
        minVersion,
        maxVersion,
        ...(authorities === undefined ? {} : { ca: [...authorities] }),
        ...(ciphers === undefined ? {} : { ciphers }),
        cert: certificates.map(({ chainPem }) => chainPem),
        key: certificates.map(({ keyPem }) => keyPem),
      });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#refuse("spec", { code: "ServersTransportInvalid", message: `The TLS library refuses it: ${why}.`, hint: "" });
    }
  }

  #refuse(field: string, { code, message, hint }: Obstacle): void {
    this.problems.push(problem(code, this.#ref, field, message, hint));
  }
}

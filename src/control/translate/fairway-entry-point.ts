import { isIP } from "node:net";
import { isCidr } from "../../kernel/cidr.ts";
import { parseDurationMs, TIMER_MAX_MS } from "../../kernel/duration.ts";
import type { EntryPoint, EntryPointPolicy } from "../../model/entry-point.ts";
import { resourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { EncodedCharacters, EntryPoint as EntryPointSpec, ForwardedHeaders } from "../../schema/gen/fairway-class.ts";
import { ENTRY_POINT_FIELDS, unsupportedFields } from "./supported.ts";

/** An entry point of a FairwayClass, or why it cannot be opened as it is written. */
export interface EntryPointTranslation {
  /** Null when there is a problem. */
  readonly entryPoint: EntryPoint | null;
  readonly problems: readonly Problem[];
}

/** What becomes of an entry point that says what cannot be done: fail closed, without taking away what works. */
const CONSEQUENCE = "the entry point keeps its last good form, or is not opened";

/** Who is trusted when everybody is. */
const EVERYBODY = ["0.0.0.0/0", "::/0"] as const;

/** Translates one of `spec.entryPoints`; `field` is where it stands. */
export function translateEntryPoint(spec: EntryPointSpec, owner: ObjectRef, field: string): EntryPointTranslation {
  const address = listenAddress(spec.address);
  const trustedProxies = trustedBy(spec.forwardedHeaders);
  const proxyProtocolFrom = trustedBy(spec.proxyProtocol);
  const wrong: Wrong = (at, message) => problem("EntryPointInvalid", owner, `${field}.${at}`, `${message}; ${CONSEQUENCE}.`);
  const problems = [
    ...unsupportedFields(spec, ENTRY_POINT_FIELDS, owner, field, CONSEQUENCE),
    ...(address === null ? [wrong("address", `"${spec.address}" is no address to listen on`)] : []),
    ...noRanges(trustedProxies, "forwardedHeaders", wrong),
    ...noRanges(proxyProtocolFrom, "proxyProtocol", wrong),
    ...Object.entries(spec.timeouts ?? {}).flatMap(([name, text]) =>
      isTime(text) ? [] : [wrong(`timeouts.${name}`, `"${text}" is longer than a proxy can wait (24 days)`)],
    ),
  ];
  if (problems.length > 0 || address === null) return { entryPoint: null, problems };
  const policy = policyOf(spec);
  const entryPoint: EntryPoint = {
    id: resourceId("entryPoint", owner, spec.name),
    name: spec.name,
    ...address,
    tls: (spec.tls ?? null) !== null,
    trustedProxies,
    ...(proxyProtocolFrom.length === 0 ? {} : { proxyProtocolFrom }),
    ...(Object.keys(policy).length === 0 ? {} : { policy }),
  };
  return { entryPoint, problems };
}

/** The parts of an address to listen on; null when it is none. */
export function listenAddress(text: string): { readonly host: string; readonly port: number } | null {
  const parts = /^(?:\[(?<v6>[^\]]*)\]|(?<v4>[^:]*)):(?<port>\d{1,5})$/.exec(text)?.groups;
  if (parts === undefined) return null;
  const host = parts.v6 ?? parts.v4 ?? "";
  const port = Number(parts.port);
  const isHost = parts.v6 === undefined ? host === "" || isIP(host) === 4 : isIP(host) === 6;
  return isHost && port >= 1 && port <= 65_535 ? { host, port } : null;
}

function trustedBy(spec: Pick<ForwardedHeaders, "insecure" | "trustedIPs"> | null | undefined): readonly string[] {
  return spec?.insecure === true ? EVERYBODY : (spec?.trustedIPs ?? []);
}

type Wrong = (at: string, message: string) => Problem;

/** A problem for each entry of `trustedIPs` that is none. */
function noRanges(trusted: readonly string[], field: string, wrong: Wrong): readonly Problem[] {
  return trusted.flatMap((cidr, index) =>
    isCidr(cidr) ? [] : [wrong(`${field}.trustedIPs[${index}]`, `"${cidr}" is no address and no range`)],
  );
}

function isTime(text: string | null | undefined): boolean {
  return (parseDurationMs(text ?? "0s") ?? 0) <= TIMER_MAX_MS;
}

/** Only what is written: the proxy knows the defaults. */
function policyOf({ forwardedHeaders, limits, timeouts, path, headers }: EntryPointSpec): EntryPointPolicy {
  const strategy = headers?.underscoreHeadersStrategy ?? "drop";
  const kept = (forwardedHeaders?.connection ?? []).map((name) => name.toLowerCase());
  const escapes = escapesOf(path?.encodedCharacters ?? {});
  return {
    ...(forwardedHeaders?.notAppendXForwardedFor === true ? { hidesClientAddress: true } : {}),
    ...(kept.length === 0 ? {} : { keptFields: kept }),
    ...number("connectionsMax", limits?.connections),
    ...number("connectionsPerAddressMax", limits?.connectionsPerAddress),
    ...number("upgradedConnectionsMax", limits?.upgradedConnections),
    ...number("requestsPerConnectionMax", limits?.requestsPerConnection),
    ...number("targetBytesMax", limits?.requestTargetBytes),
    ...number("headBytesMax", limits?.requestHeadBytes),
    ...number("fieldsMax", limits?.requestHeaders),
    ...number("bodyBytesMax", limits?.requestBodyBytes),
    ...number("replayBytesMax", limits?.bufferedBodyBytes),
    ...time("handshakeMs", timeouts?.tlsHandshake),
    ...time("headMs", timeouts?.requestHead),
    ...time("requestBodyIdleMs", timeouts?.requestBodyIdle),
    ...time("responseIdleMs", timeouts?.responseIdle),
    ...time("keepAliveMs", timeouts?.keepAlive),
    ...time("connectionAgeMs", timeouts?.connectionAge),
    ...time("tunnelIdleMs", timeouts?.upgradeIdle),
    ...(path?.mergeSlashes === false ? { keepsSlashes: true } : {}),
    ...(escapes === "" ? {} : { allowedEscapes: escapes }),
    ...(strategy === "drop" ? {} : { underscored: strategy }),
  };
}

/** The characters by the switch that lets them in, in order of their codes. */
const ESCAPES: readonly (readonly [keyof EncodedCharacters, string])[] = [
  ["allowEncodedNullCharacter", "\0"],
  ["allowEncodedHash", "#"],
  ["allowEncodedPercent", "%"],
  ["allowEncodedSlash", "/"],
  ["allowEncodedSemicolon", ";"],
  ["allowEncodedQuestionMark", "?"],
  ["allowEncodedBackSlash", "\\"],
];

function escapesOf(allowed: EncodedCharacters): string {
  return ESCAPES.map(([name, char]) => (allowed[name] === true ? char : "")).join("");
}

function number<Name extends string>(name: Name, value: number | null | undefined): { readonly [name in Name]?: number } {
  return value === null || value === undefined ? {} : ({ [name]: value } as { [name in Name]: number });
}

function time<Name extends string>(name: Name, text: string | null | undefined): { readonly [name in Name]?: number } {
  return number(name, text === null || text === undefined ? null : parseDurationMs(text));
}

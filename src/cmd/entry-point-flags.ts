import { isIP } from "node:net";
import { InvalidArgumentError } from "commander";
import { isCidr } from "../kernel/cidr.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import { resourceId } from "../model/ids.ts";

/** What `--entrypoint` and `--listen` take, for messages. */
const FORM = "NAME=HOST:PORT[,tls][,trust=CIDR][,proxy=CIDR]";

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/i;

/** An address a program listens on. */
export interface HostPort {
  /** IP address without brackets; "" for all addresses. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** Entry points of `fairway dev` where none is given: ports that need no privilege, on this machine only. */
export const DEFAULT_ENTRY_POINTS: readonly EntryPoint[] = [
  entryPoint("web", { host: "127.0.0.1", port: 8080 }, false),
  entryPoint("websecure", { host: "127.0.0.1", port: 8443 }, true),
];

/** Entry points of a class on a cluster that does not say: a Service maps 80 and 443 to them. */
export const CLUSTER_ENTRY_POINTS: readonly EntryPoint[] = [
  entryPoint("web", { host: "", port: 8080 }, false),
  entryPoint("websecure", { host: "", port: 8443 }, true),
];

/** For commander: collects `--entrypoint` flags; the first one replaces the default. */
export function collectEntryPoint(text: string, before: readonly EntryPoint[]): readonly EntryPoint[] {
  const collected = before === DEFAULT_ENTRY_POINTS ? [] : before;
  const added = parseEntryPoint(text);
  if (collected.some(({ name }) => name === added.name)) throw new InvalidArgumentError(`"${added.name}" is given twice.`);
  return [...collected, added];
}

/** For commander: collects a flag that may be given more than once. */
export function collectName(text: string, before: readonly string[]): readonly string[] {
  if (text === "") throw new InvalidArgumentError("It is empty.");
  return before.includes(text) ? before : [...before, text];
}

/** For commander: HOST:PORT; HOST an IP address (IPv6 in brackets), `localhost`, or nothing for all addresses. */
export function parseHostPort(text: string): HostPort {
  const match = /^(?:\[(?<v6>[^\]]*)\]|(?<v4>[^:]*)):(?<port>\d{1,5})$/.exec(text);
  if (!match?.groups) throw new InvalidArgumentError(`Write it as HOST:PORT, as in 127.0.0.1:8080 or [::1]:8080.`);
  const { v6, v4 = "", port = "" } = match.groups;
  if (Number(port) > 65_535) throw new InvalidArgumentError("A port is at most 65535.");
  if (v6 !== undefined && isIP(v6) !== 6) throw new InvalidArgumentError(`"${v6}" is not an IPv6 address.`);
  const host = v6 ?? (v4 === "localhost" ? "127.0.0.1" : v4 === "*" ? "" : v4);
  if (host !== "" && isIP(host) === 0) throw new InvalidArgumentError(`"${host}" is not an IP address.`);
  return { host, port: Number(port) };
}

/** For commander: a whole number from 1. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > 1_024) throw new InvalidArgumentError("Write a whole number from 1 to 1024.");
  return count;
}

function parseEntryPoint(text: string): EntryPoint {
  const equals = text.indexOf("=");
  const name = text.slice(0, Math.max(equals, 0));
  if (!NAME.test(name)) throw new InvalidArgumentError(`Write it as ${FORM}; NAME is letters, digits and hyphens.`);
  const [address = "", ...options] = text.slice(equals + 1).split(",");
  const unknown = options.find((option) => option !== "tls" && !/^(trust|proxy)=/.test(option));
  if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is not known; write it as ${FORM}.`);
  const proxyProtocolFrom = cidrsOf(options, "proxy=");
  return {
    ...entryPoint(name, parseHostPort(address), options.includes("tls")),
    trustedProxies: cidrsOf(options, "trust="),
    ...(proxyProtocolFrom.length === 0 ? {} : { proxyProtocolFrom }),
  };
}

/** The ranges given by options that begin so; each may be given more than once. */
function cidrsOf(options: readonly string[], start: string): readonly string[] {
  const cidrs = options.filter((option) => option.startsWith(start)).map((option) => option.slice(start.length));
  const wrong = cidrs.find((cidr) => !isCidr(cidr));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is no address and no range, as in 10.0.0.7 or 10.0.0.0/8.`);
  return cidrs;
}

function entryPoint(name: string, { host, port }: HostPort, tls: boolean): EntryPoint {
  const id = resourceId("entryPoint", { kind: "EntryPoint", namespace: "", name });
  return { id, name, host, port, tls, trustedProxies: [] };
}

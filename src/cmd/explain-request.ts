import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { fail, ok, type Result } from "../kernel/result.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import type { Failure } from "../model/failure.ts";
import { parseAuthority } from "../proxy/http1/authority.ts";
import { connectionPolicy } from "../proxy/http1/connection-policy.ts";
import { readRequestHead } from "../proxy/http1/exchange.ts";
import { requestFailure } from "../proxy/http1/request-parser.ts";
import { TrustedPeers } from "../proxy/listen/trusted-peers.ts";
import { ObservedExchange } from "./observed-exchange.ts";

/** A request as it is asked about. */
export interface AskedRequest {
  readonly url: string;
  readonly method: string;
  /** `Name: value`, in order. */
  readonly headers: readonly string[];
  /** IP address of the connection's peer. */
  readonly clientIp: string;
  /** Name of the entry point it comes to; absent: it follows from the URL. */
  readonly entryPoint?: string;
}

/** A URL taken apart without changing a byte of its path: bringing it to one form is the proxy's business. */
export interface AskedUrl {
  readonly scheme: "http" | "https";
  /** As in the Host header: the name in ASCII, with the port if the URL has one. */
  readonly authority: string;
  /** -1 when the URL has none. */
  readonly port: number;
  /** Path and query, as on the request line. */
  readonly target: string;
}

/** Takes a URL apart, or says why it is none. */
export function parseUrl(url: string): Result<AskedUrl, string> {
  const parts = /^(https?):\/\/(?:[^/?#@]*@)?([^/?#]*)([^?#]*)(\?[^#]*)?/i.exec(url);
  if (parts === null) return fail(`"${url}" is no URL: write it as http://host/path or https://host/path`);
  const [, scheme = "", written = "", path = "", query = ""] = parts;
  const authority = toAscii(written);
  const parsed = parseAuthority(authority);
  if (parsed === null || parsed.host === "") return fail(`"${written}" is no host that a request can have`);
  return ok({
    scheme: scheme.toLowerCase() === "https" ? "https" : "http",
    authority,
    port: parsed.port,
    target: encodeVisible(`${path === "" ? "/" : path}${query}`),
  });
}

/** A request as the proxy sees it. */
export interface MadeExchange {
  readonly exchange: ObservedExchange;
  /** Why the proxy refuses it before it comes to routing; null when it does not. */
  readonly failure: Failure | null;
}

/** The request as the proxy would see it on this entry point, parsed by the proxy's own parser; or why it is no request at all. */
export function makeExchange(asked: AskedRequest, url: AskedUrl, entryPoint: EntryPoint): Result<MadeExchange, string> {
  if (isIP(asked.clientIp) === 0) return fail(`"${asked.clientIp}" is not an IP address`);
  const text = headText(asked, url);
  if (!text.ok) return text;
  const head = Buffer.from(text.value, "latin1");
  const isTrusted = new TrustedPeers(entryPoint.trustedProxies).has(asked.clientIp);
  const policy = connectionPolicy(entryPoint.policy);
  const exchange = new ObservedExchange({ isTls: entryPoint.tls, address: asked.clientIp, isTrusted, policy });
  const end = readRequestHead(head, 0, head.length);
  if (end <= 0) return ok({ exchange, failure: requestFailure(end) });
  return ok({ exchange, failure: exchange.begin(head, 0, head.length) ?? null });
}

function headText({ method, headers }: AskedRequest, url: AskedUrl): Result<string, string> {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method)) return fail(`"${method}" is not a method`);
  const lines: string[] = [];
  for (const header of headers) {
    const parts = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)$/.exec(header);
    if (parts === null) return fail(`"${header}" is not a header: write it as "Name: value"`);
    lines.push(`${parts[1]}: ${Buffer.from(parts[2] as string).toString("latin1")}`);
  }
  const host = lines.some((line) => /^host:/i.test(line)) ? [] : [`Host: ${url.authority}`];
  return ok([`${method} ${url.target} HTTP/1.1`, ...host, ...lines, "", ""].join("\r\n"));
}

/** Clients send names in ASCII (RFC 5890); a port stays. */
function toAscii(authority: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything beyond ASCII is what this looks for
  if (/^[\u0000-\u007f]*$/.test(authority)) return authority;
  const [name = "", ...port] = authority.split(":");
  return [domainToASCII(name), ...port].join(":");
}

/** What a terminal lets people write and a request line cannot hold is encoded, as every client does. */
function encodeVisible(target: string): string {
  return target.replace(/[^!-~]+/gu, (text) => encodeURIComponent(text.toWellFormed()));
}

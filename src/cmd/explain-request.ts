import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { EntryPoint } from "../model/entry-point.ts";
import type { Failure } from "../model/failure.ts";
import { parseAuthority } from "../proxy/http1/authority.ts";
import { HttpExchange, readRequestHead } from "../proxy/http1/exchange.ts";
import { requestFailure } from "../proxy/http1/request-parser.ts";
import { wrongUse } from "./cli.ts";

/** A request as it is asked about on the command line. */
export interface AskedRequest {
  readonly url: string;
  readonly method: string;
  /** `Name: value`, in order. */
  readonly headers: readonly string[];
  /** IP address of the connection's peer. */
  readonly clientIp: string;
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

/** Takes a URL apart; ends the command when it is none. */
export function parseUrl(url: string): AskedUrl {
  const parts = /^(https?):\/\/(?:[^/?#@]*@)?([^/?#]*)([^?#]*)(\?[^#]*)?/i.exec(url);
  if (parts === null) return wrongUse(`"${url}" is no URL: write it as http://host/path or https://host/path`);
  const [, scheme = "", written = "", path = "", query = ""] = parts;
  const authority = toAscii(written);
  const parsed = parseAuthority(authority);
  if (parsed === null || parsed.host === "") return wrongUse(`"${written}" is no host that a request can have`);
  return {
    scheme: scheme.toLowerCase() === "https" ? "https" : "http",
    authority,
    port: parsed.port,
    target: encodeVisible(`${path === "" ? "/" : path}${query}`),
  };
}

/**
 * The request as the proxy would see it on this entry point, parsed by the proxy's own parser; or the failure it ends in. Ends the
 * command when the flags do not make a request.
 */
export function makeExchange(
  asked: AskedRequest,
  url: AskedUrl,
  entryPoint: EntryPoint,
): { readonly exchange: HttpExchange; readonly failure: Failure | null } {
  const head = Buffer.from(headText(asked, url), "latin1");
  if (isIP(asked.clientIp) === 0) return wrongUse(`--client-ip "${asked.clientIp}" is not an IP address`);
  const exchange = new HttpExchange({ isTls: entryPoint.tls, address: asked.clientIp, isTrusted: false });
  const end = readRequestHead(head, 0, head.length);
  if (end <= 0) return { exchange, failure: requestFailure(end) };
  return { exchange, failure: exchange.begin(head, 0, head.length) ?? null };
}

function headText({ method, headers }: AskedRequest, url: AskedUrl): string {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method)) return wrongUse(`-X "${method}" is not a method`);
  const lines = headers.map((header) => {
    const parts = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)$/.exec(header);
    if (parts === null) return wrongUse(`-H "${header}" is not a header: write it as "Name: value"`);
    return `${parts[1]}: ${Buffer.from(parts[2] as string).toString("latin1")}`;
  });
  const host = lines.some((line) => /^host:/i.test(line)) ? [] : [`Host: ${url.authority}`];
  return [`${method} ${url.target} HTTP/1.1`, ...host, ...lines, "", ""].join("\r\n");
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

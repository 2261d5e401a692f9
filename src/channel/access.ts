import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { type ConnectionOptions, checkServerIdentity } from "node:tls";
import { fail, ok, type Result } from "../kernel/result.ts";
import { bareHost } from "./bare-host.ts";
import { isLoopback } from "./loopback.ts";

/** The files that let a proxy talk to an operator. They are read for each stream, since what is in them changes while a Pod lives. */
export interface CredentialFiles {
  /** The authorities that may have signed the operator's certificate, PEM. */
  readonly caFile: string;
  /** The token of the proxy's ServiceAccount, made for the audience `CHANNEL_AUDIENCE`. */
  readonly tokenFile: string;
}

/** The audience of tokens for the channel: a token that was made for something else is not taken here, nor one of ours elsewhere. */
export const CHANNEL_AUDIENCE = "fairway.dev/channel";

/** How to reach one operator. */
export interface Access {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: ConnectionOptions;
}

/**
 * How to reach the operator at `url`, be it `serviceUrl` itself or a replica that it named: whoever answers has to have a certificate
 * for the host of `serviceUrl`. Fails when a file cannot be read.
 */
export async function accessTo(url: string, serviceUrl: string, files: CredentialFiles | null): Promise<Result<Access, string>> {
  if (files === null) return ok({ url, headers: {}, tls: {} });
  try {
    const [ca, token] = await Promise.all([readFile(files.caFile, "utf8"), readFile(files.tokenFile, "utf8")]);
    const host = bareHost(new URL(serviceUrl));
    return ok({
      url,
      headers: { authorization: `Bearer ${token.trim()}` },
      tls: {
        ca,
        minVersion: "TLSv1.3",
        ...(isIP(host) === 0 ? { servername: host } : {}),
        checkServerIdentity: (_connectedTo, certificate) => checkServerIdentity(host, certificate),
      },
    });
  } catch (error) {
    return fail(`what is needed to reach the operator cannot be read: ${(error as Error).message}`);
  }
}

/** Why a URL can't be an operator's, or null when it can: plaintext on this machine, TLS anywhere. */
export function operatorUrlProblem(url: string): string | null {
  if (!URL.canParse(url)) return `"${url}" is not a URL; write it as in https://fairway-operator.fairway-system.svc:9443`;
  const { protocol, hostname, pathname, search, username, password } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") return `"${url}" must begin with https:// (or http:// on this machine)`;
  if (pathname !== "/" || search !== "" || username !== "" || password !== "")
    return `"${url}" must name nothing but host and port`;
  if (protocol === "http:" && !isLoopback(hostname)) {
    return `the channel carries private keys, so http:// is for an operator on a loopback address, and ${hostname} needs https://`;
  }
  return null;
}

/** Whether the channel to a URL is encrypted. */
export function isSecure(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === "https:";
}

import { createSecureContext } from "node:tls";
import { TIMER_MAX_MS } from "../../kernel/duration.ts";
import type { ServersTransport } from "../../model/servers-transport.ts";
import { TICKET_SECRET_BYTES, type TicketSecret } from "../../model/ticket-secret.ts";
import type { TlsDefaults } from "../../model/tls-defaults.ts";
import type { TlsHost } from "../../model/tls-host.ts";
import type { ClientAuthMode, TlsOption } from "../../model/tls-option.ts";
import { optionContext } from "../listen/option-context.ts";
import { ServerTls } from "../upstream/server-tls.ts";
import { isFlag, isIntegerIn, isObjectRef, isOptionReference, isText, isTexts, requireForm } from "./form.ts";

/** Whatever it asks for in a form that is not known here must not be taken for a default, which may be weaker. */
export function buildTlsOption(option: TlsOption): void {
  const { id, origin, minVersion, maxVersion, ciphers, groups, protocols, isSniStrict, clientAuth, hasNoTickets, ...unknown } =
    option;
  requireForm(Object.keys(unknown).length === 0, Object.keys(unknown).join(", "));
  requireForm(isText(id) && isObjectRef(origin), "origin");
  requireForm(isText(minVersion) && isText(maxVersion), "minVersion or maxVersion");
  requireForm(
    [ciphers, groups].every((one) => one === undefined || isText(one)),
    "ciphers or groups",
  );
  requireForm(protocols === undefined || isTexts(protocols), "protocols");
  requireForm([isSniStrict, hasNoTickets].every(isFlag), "isSniStrict or hasNoTickets");
  if (clientAuth !== undefined) {
    const { mode, authorities } = clientAuth;
    requireForm(CLIENT_AUTH_MODES.has(mode) && isTexts(authorities), "clientAuth");
    requireForm(!mode.toLowerCase().includes("verify") || authorities.length > 0, "clientAuth.authorities");
  }
  createSecureContext(optionContext(option));
}

/** As above: what is not known might be a check that is asked for. */
export function buildTransport(transport: ServersTransport): void {
  const { id, origin, serverName, peerNames, skipsVerification, authorities, certificates, minVersion, maxVersion, ...rest } =
    transport;
  const { ciphers, connectMs = 0, idleMs = 0, idleConnectionsMax = 0, avoidsHttp2 = true, ...unknown } = rest;
  requireForm(Object.keys(unknown).length === 0, Object.keys(unknown).join(", "));
  requireForm(isText(id) && isObjectRef(origin), "origin");
  requireForm([minVersion, maxVersion, serverName ?? "", ciphers ?? ""].every(isText), "serverName, versions or ciphers");
  requireForm(isFlag(skipsVerification), "skipsVerification");
  requireForm(authorities === undefined || isTexts(authorities), "authorities");
  requireForm(
    peerNames === undefined || peerNames.every(({ type, value }) => isText(value) && PEER_NAMES.has(type)),
    "peerNames",
  );
  requireForm(
    [connectMs, idleMs].every((ms) => isIntegerIn(ms, 0, TIMER_MAX_MS)),
    "connectMs or idleMs",
  );
  requireForm(avoidsHttp2 === true, "avoidsHttp2");
  requireForm(isIntegerIn(idleConnectionsMax, 0, Number.MAX_SAFE_INTEGER), "idleConnectionsMax");
  new ServerTls(transport, "");
}

const PEER_NAMES: ReadonlySet<string> = new Set(["DNSName", "URI"]);

const CLIENT_AUTH_MODES: ReadonlySet<string> = new Set<ClientAuthMode>([
  "request",
  "require",
  "verifyIfGiven",
  "requireAndVerify",
]);

/** Which option a host has. */
export function checkTlsHost({ entryPoint, host, option }: TlsHost): void {
  requireForm(isText(entryPoint) && isText(host) && host !== "", "entryPoint or host");
  requireForm(isOptionReference(option), "option");
}

/** What counts for all connections. */
export function checkTlsDefaults({ option, certificate, certificates }: TlsDefaults): void {
  requireForm(isOptionReference(option), "option");
  requireForm(certificate === undefined || isText(certificate), "certificate");
  requireForm(certificates === undefined || isTexts(certificates), "certificates");
}

/** What tickets are protected with. */
export function checkTicketSecret({ secret }: TicketSecret): void {
  requireForm(isText(secret) && Buffer.from(secret, "base64").length >= TICKET_SECRET_BYTES, "secret");
}

import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import type { AnyMiddlewareModule } from "../../extensions/middlewares/contract.ts";
import { TIMER_MAX_MS } from "../../kernel/duration.ts";
import { fail, ok, type Result } from "../../kernel/result.ts";
import type { Certificate } from "../../model/certificate.ts";
import { DISPUTED_ESCAPES, type EntryPoint, type EntryPointPolicy } from "../../model/entry-point.ts";
import { resourceType } from "../../model/ids.ts";
import type { Middleware } from "../../model/middleware.ts";
import type { ProxySettings } from "../../model/proxy-settings.ts";
import type { Resource } from "../../model/resource.ts";
import type { Router } from "../../model/router.ts";
import type { ServersTransport } from "../../model/servers-transport.ts";
import type { Endpoints, Service } from "../../model/service.ts";
import type { TicketSecret } from "../../model/ticket-secret.ts";
import type { TlsDefaults } from "../../model/tls-defaults.ts";
import type { TlsHost } from "../../model/tls-host.ts";
import type { TlsOption } from "../../model/tls-option.ts";
import { compileRule, ruleObstacle } from "../../rules/compile.ts";
import { type RuleKeys, ruleKeys } from "../../rules/keys.ts";
import type { MatcherTable } from "../../rules/matcher.ts";
import { isFlag, isIntegerIn, isObjectRef, isOptionReference, isText, isTexts, RefusedError, requireForm } from "./form.ts";
import { buildTlsOption, buildTransport, checkTicketSecret, checkTlsDefaults, checkTlsHost } from "./trial-tls.ts";

/** What resources are built with. */
export interface TrialParts {
  readonly matchers: MatcherTable;
  readonly middlewares: ReadonlyMap<string, AnyMiddlewareModule>;
}

/** What building a resource once gave: for a router its place in the index, for all others nothing. */
export type TrialResult = Result<RuleKeys | null, string>;

/**
 * Builds a resource the way workers will, and throws the result away: what builds here builds anywhere, since building is pure. A
 * resource written by another version may have any shape, so whatever is thrown on the way is the reason of a refusal.
 */
export function tryResource(resource: Resource, parts: TrialParts): TrialResult {
  try {
    return ok(build(resource, parts));
  } catch (cause) {
    return fail(
      cause instanceof RefusedError
        ? cause.message
        : `cannot be built: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}

function build(resource: Resource, parts: TrialParts): RuleKeys | null {
  switch (resourceType(resource.id)) {
    case "router":
      return buildRouter(resource as Router, parts.matchers);
    case "middleware":
      buildMiddleware(resource as Middleware, parts.middlewares);
      break;
    case "service":
      checkService(resource as Service);
      break;
    case "endpoints":
      checkEndpoints(resource as Endpoints);
      break;
    case "certificate":
      buildCertificate(resource as Certificate);
      break;
    case "entryPoint":
      checkEntryPoint(resource as EntryPoint);
      break;
    case "settings":
      checkSettings(resource as ProxySettings);
      break;
    case "tlsOption":
      buildTlsOption(resource as TlsOption);
      break;
    case "tlsHost":
      checkTlsHost(resource as TlsHost);
      break;
    case "tlsDefaults":
      checkTlsDefaults(resource as TlsDefaults);
      break;
    case "serversTransport":
      buildTransport(resource as ServersTransport);
      break;
    case "ticketSecret":
      checkTicketSecret(resource as TicketSecret);
      break;
  }
  return null;
}

function buildRouter(router: Router, matchers: MatcherTable): RuleKeys {
  const { rule, rank, entryPoints, middlewares, service, tombstone, parents, isParent, tlsOption } = router;
  const obstacle = ruleObstacle(rule, matchers);
  if (obstacle !== null) throw new RefusedError(`the rule cannot be built: ${obstacle}`);
  const numbers = [rank.priority, rank.host, rank.path, rank.pathLength, rank.predicates, rank.createdAtMs, rank.index];
  requireForm(numbers.every(Number.isFinite) && isText(rank.object), "rank");
  requireForm(isTexts(entryPoints), "entryPoints");
  requireForm(isTexts(middlewares), "middlewares");
  requireForm(service === null || isText(service), "service");
  requireForm(tombstone === null || isTexts(tombstone), "tombstone");
  requireForm(parents === undefined || (parents.length > 0 && parents.every(isObjectRef)), "parents");
  requireForm(isParent === undefined || isParent === true, "isParent");
  requireForm(isOptionReference(tlsOption), "tlsOption");
  const keys = ruleKeys(rule, matchers);
  if (keys.residual !== null) compileRule(keys.residual, matchers);
  return keys;
}

function buildMiddleware({ kind, config }: Middleware, modules: TrialParts["middlewares"]): void {
  const module = modules.get(kind);
  if (module === undefined) throw new RefusedError(`the middleware kind ${JSON.stringify(kind)} is not known here`);
  module.create(config as never);
}

function checkService(service: Service): void {
  if (service.type === "loadBalancer") {
    requireForm(isText(service.endpoints), "endpoints");
    requireForm(["http", "https", "h2c"].includes(service.scheme), "scheme");
    requireForm(typeof service.passHostHeader === "boolean", "passHostHeader");
    requireForm(service.transport === undefined || isText(service.transport), "transport");
    requireForm(service.clusterIP === null || isIP(service.clusterIP) !== 0, "clusterIP");
  } else {
    requireForm(service.type === "weighted", "type");
    requireForm(
      service.services.every((member) => isText(member.service) && isIntegerIn(member.weight, 0, 2 ** 31)),
      "services",
    );
  }
}

function checkEndpoints({ servers }: Endpoints): void {
  requireForm(
    servers.every(({ address, port }) => isText(address) && address !== "" && isIntegerIn(port, 1, 65_535)),
    "servers",
  );
}

function buildCertificate({ names, chainPem, keyPem }: Certificate): void {
  requireForm(isTexts(names), "names");
  requireForm(isText(chainPem) && chainPem !== "", "chainPem");
  requireForm(isText(keyPem) && keyPem !== "", "keyPem");
  createSecureContext({ cert: chainPem, key: keyPem });
}

function checkEntryPoint({ name, host, port, tls, asBefore, policy = {}, ...peers }: EntryPoint): void {
  requireForm(isText(name) && name !== "", "name");
  requireForm(host === "" || isIP(host) !== 0, "host");
  requireForm(isIntegerIn(port, 0, 65_535), "port");
  requireForm(typeof tls === "boolean", "tls");
  requireForm(isTexts(peers.trustedProxies), "trustedProxies");
  requireForm(isTexts(peers.proxyProtocolFrom ?? []), "proxyProtocolFrom");
  requireForm(isFlag(asBefore), "asBefore");
  checkPolicy(policy);
}

/** What it asks for in a form that is not known here must not be taken for a default. */
function checkPolicy(policy: EntryPointPolicy): void {
  const { allowedEscapes, underscored, hidesClientAddress, keepsSlashes, keptFields = [], ...bounds } = policy;
  requireForm(isTexts(keptFields), "policy.keptFields");
  requireForm(
    [...(allowedEscapes ?? "")].every((char) => DISPUTED_ESCAPES.includes(char)),
    "policy.allowedEscapes",
  );
  requireForm(underscored === undefined || underscored === "keep" || underscored === "reject", "policy.underscored");
  requireForm([hidesClientAddress, keepsSlashes].every(isFlag), "policy");
  for (const [name, bound] of Object.entries(bounds)) {
    requireForm(POLICY_BOUNDS.has(name) && isIntegerIn(bound, 0, Number.MAX_SAFE_INTEGER), `policy.${name}`);
  }
}

const POLICY_BOUNDS: ReadonlySet<string> = new Set<keyof EntryPointPolicy>([
  "connectionsMax",
  "connectionsPerAddressMax",
  "upgradedConnectionsMax",
  "requestsPerConnectionMax",
  "targetBytesMax",
  "headBytesMax",
  "fieldsMax",
  "bodyBytesMax",
  "replayBytesMax",
  "handshakeMs",
  "headMs",
  "requestBodyIdleMs",
  "responseIdleMs",
  "keepAliveMs",
  "connectionAgeMs",
  "tunnelIdleMs",
]);

function checkSettings({ drain = {}, clusterIPAfterMs = 0 }: ProxySettings): void {
  const times = [clusterIPAfterMs, drain.sessionMs ?? 0, drain.delayMs ?? 0, drain.quietMs ?? 0, drain.deadlineMs ?? 0];
  requireForm(
    times.every((ms) => isIntegerIn(ms, 0, TIMER_MAX_MS)),
    "drain or clusterIPAfterMs",
  );
}

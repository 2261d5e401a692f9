import { type ResourceId, resourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { Weighted } from "../../model/service.ts";
import { referenceObstacle } from "./references.ts";
import { portReference } from "./service-port.ts";
import type { CompileSettings } from "./settings.ts";
import { SERVICE_FIELDS, unsupportedFields } from "./supported.ts";
import type { ClassFace, Obstacle, TranslateView } from "./translation.ts";

/** One of a route's `services`, as written. */
export interface ServiceUse {
  readonly name: string;
  readonly namespace?: string | null;
  readonly kind?: string | null;
  readonly port?: number | string | null;
  readonly weight?: number | null;
  readonly scheme?: string | null;
  readonly passHostHeader?: boolean | null;
  /** Name of a ServersTransport in the namespace of the route. */
  readonly serversTransport?: string | null;
}

/** Who serves a route. */
export interface ServiceChoice {
  /** Null when there is a problem. */
  readonly id: ResourceId<"service"> | null;
  /** The service `id` names, when it exists for this route alone. */
  readonly weighted: Weighted | null;
  readonly problems: readonly Problem[];
}

const NO_SERVICE_HINT = "Name one. Without, a route is of use only where other IngressRoutes name its object in parentRefs.";

/** How much of a route's traffic a service gets when it does not say. */
const WEIGHT_DEFAULT = 1;

/** Resolves the services of a route: one is taken as it is, several become a weighted choice of the route's own, named by `key`. */
export function resolveServices(
  uses: readonly ServiceUse[],
  referrer: ObjectRef,
  key: string,
  field: string,
  view: TranslateView,
  settings: CompileSettings,
  face: ClassFace,
): ServiceChoice {
  if (uses.length === 0)
    return refusal([problem("ServiceNotFound", referrer, field, "The route names no service.", NO_SERVICE_HINT)]);
  const problems: Problem[] = [];
  const members: Weighted["services"][number][] = [];
  for (const [index, use] of uses.entries()) {
    const at = `${field}[${index}]`;
    const resolved = resolveService(use, referrer, at, view, settings, face);
    if (Array.isArray(resolved)) problems.push(...resolved);
    else members.push({ service: resolved as ResourceId<"service">, weight: use.weight ?? WEIGHT_DEFAULT });
  }
  if (problems.length > 0) return refusal(problems);
  const [only] = members;
  if (only !== undefined && members.length === 1) return { id: only.service, weighted: null, problems };
  const id = resourceId("service", referrer, key);
  return { id, weighted: { type: "weighted", id, origin: referrer, services: members }, problems };
}

function refusal(problems: readonly Problem[]): ServiceChoice {
  return { id: null, weighted: null, problems };
}

/** Why a Service of type ExternalName cannot be an upstream of a class that does not allow it. */
export function externalRefused({ namespace, name }: Pick<ObjectRef, "namespace" | "name">): Obstacle {
  return {
    code: "AddressRefused",
    message: `Service "${namespace}/${name}" is an ExternalName, which is not allowed here.`,
    hint: "Allow it with services.allowExternalName of the FairwayClass, or --allow-external-name.",
  };
}

/** The id of a service, or the problems of the reference to it. */
function resolveService(
  use: ServiceUse,
  referrer: ObjectRef,
  at: string,
  view: TranslateView,
  settings: CompileSettings,
  { allowExternalName }: ClassFace,
): ResourceId<"service"> | readonly Problem[] {
  const told = ({ code, message, hint }: Obstacle, field = at) => [problem(code, referrer, field, message, hint)];
  const unsupported = unsupportedFields(use, SERVICE_FIELDS, referrer, at);
  const ref: ObjectRef = { kind: use.kind || "Service", namespace: use.namespace || referrer.namespace, name: use.name };
  const refused = referenceObstacle(referrer, ref, view, settings);
  if (refused !== null) return [...unsupported, ...told(refused)];
  if (unsupported.length > 0) return unsupported;
  const port = use.port ?? "";
  if (port === "")
    return told(
      {
        code: "ServicePortNotFound",
        message: `The reference to Service "${ref.namespace}/${ref.name}" names no port.`,
        hint: "Add port: a number or a name.",
      },
      `${at}.port`,
    );
  const face = view.service({
    namespace: ref.namespace,
    name: ref.name,
    port: portReference(port),
    passHostHeader: use.passHostHeader ?? true,
    scheme: use.scheme === "http" || use.scheme === "https" || use.scheme === "h2c" ? use.scheme : null,
    ...(use.serversTransport ? { transport: { namespace: referrer.namespace, name: use.serversTransport } } : {}),
  });
  if (face.status === "ready") return face.isExternal && !allowExternalName ? told(externalRefused(ref)) : face.id;
  return told(face.obstacle, fieldOf(face.obstacle, at));
}

function fieldOf({ code }: Obstacle, at: string): string {
  if (code === "ServicePortNotFound") return `${at}.port`;
  return code === "ServersTransportNotFound" || code === "ServersTransportInvalid" ? `${at}.serversTransport` : at;
}

import { resourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { LoadBalancer } from "../../model/service.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { isOwnHost } from "./own-host.ts";
import { findPort, type ServicePort, serviceSpec, tcpPorts } from "./service-port.ts";
import type { CompileSettings } from "./settings.ts";
import type { Obstacle, PartTranslation, ServiceFace, ServiceTarget, TranslateView } from "./translation.ts";

/** The id of the load balancer for one Service port: the port as it is referred to, and how it is spoken to where that is unusual. */
export function serviceId({ namespace, name, port, passHostHeader, scheme, transport }: ServiceTarget) {
  const key = [
    String(port),
    ...(passHostHeader ? [] : ["host=server"]),
    ...(scheme === null ? [] : [`scheme=${scheme}`]),
    ...(transport === undefined ? [] : [`transport=${transport.namespace}/${transport.name}`]),
  ].join(";");
  return resourceId("service", { kind: "Service", namespace, name }, key);
}

/** Translates one port of a Service, and how it is spoken to, to a load balancer over its endpoints. */
export function translateService(
  target: ServiceTarget,
  view: TranslateView,
  settings: CompileSettings,
): PartTranslation<ServiceFace> {
  const ref: ObjectRef = { kind: "Service", namespace: target.namespace, name: target.name };
  const service = view.get(ref.kind, ref.namespace, ref.name);
  if (service === undefined)
    return refused({ code: "ServiceNotFound", message: `Service ${show(ref)} does not exist.`, hint: "" });
  const port = findPort(service, target.port);
  if (port === undefined) return refused(noPort(service, target.port));
  const obstacle = obstacleOf(service, settings);
  if (obstacle !== null) return refused(obstacle);
  const scheme = target.scheme ?? schemeOf(port);
  const transport = target.transport && view.transport(target.transport.namespace, target.transport.name);
  if (transport?.status === "refused") return refused(transport.obstacle);
  if (transport !== undefined && scheme === "h2c") return refused(notForH2c(target));
  const id = serviceId(target);
  const clusterIP = clusterAddress(serviceSpec(service).clusterIP);
  const resource: LoadBalancer = {
    type: "loadBalancer",
    id,
    origin: ref,
    endpoints: view.endpoints({ namespace: target.namespace, name: target.name, port: target.port }),
    scheme,
    passHostHeader: target.passHostHeader,
    clusterIP,
    ...(clusterIP === null ? {} : { clusterPort: port.port }),
    ...(transport === undefined ? {} : { transport: transport.id }),
  };
  const isExternal = serviceSpec(service).type === "ExternalName" ? ({ isExternal: true } as const) : {};
  return { face: { status: "ready", id, ...isExternal }, resource, problems: [] };
}

function refused(obstacle: Obstacle): PartTranslation<ServiceFace> {
  return { face: { status: "refused", obstacle }, resource: null, problems: [] };
}

function show(ref: ObjectRef): string {
  return `"${ref.namespace}/${ref.name}"`;
}

/** Headless ("None") and external Services have none. */
function clusterAddress(clusterIP: string | undefined): string | null {
  return clusterIP === undefined || clusterIP === "" || clusterIP === "None" ? null : clusterIP;
}

function noPort(service: StoredObject, wanted: number | string): Obstacle {
  const ports = tcpPorts(service).map(({ name, port }) => (name === "" ? String(port) : `${port} (${name})`));
  return {
    code: "ServicePortNotFound",
    message: `Service ${show(service.ref)} has no TCP port ${typeof wanted === "number" ? wanted : `named "${wanted}"`}.`,
    hint: ports.length === 0 ? "It has no TCP port at all." : `Its ports: ${ports.join(", ")}.`,
  };
}

function notForH2c({ name, namespace }: ServiceTarget): Obstacle {
  const message = `A ServersTransport for servers that are spoken to in h2c (Service "${namespace}/${name}") is not supported yet.`;
  return { code: "NotSupported", message, hint: "Leave serversTransport out." };
}

function obstacleOf(service: StoredObject, settings: CompileSettings): Obstacle | null {
  const { type, externalName } = serviceSpec(service);
  if (type !== "ExternalName") return null;
  if (!externalName) return external(service, "names no external host", "Set spec.externalName.");
  if (settings.allowLoopback || !isOwnHost(externalName)) return null;
  return external(service, `leads to "${externalName}", a loopback address, which is not allowed here`, "");
}

/** What servers say they speak, in the names Kubernetes has for it (KEP-3726); plaintext HTTP/1.1 is what is left. */
const APP_PROTOCOLS: ReadonlyMap<string, LoadBalancer["scheme"]> = new Map([
  ["https", "https"],
  ["kubernetes.io/wss", "https"],
  ["kubernetes.io/h2c", "h2c"],
]);

/** How servers are spoken to where the route does not say: as the port does, else by convention. A guess must not be in plaintext. */
function schemeOf({ name, port, appProtocol }: ServicePort): LoadBalancer["scheme"] {
  const said = APP_PROTOCOLS.get(appProtocol.toLowerCase());
  if (said !== undefined) return said;
  return appProtocol === "" && (port === 443 || name.startsWith("https")) ? "https" : "http";
}

function external(service: StoredObject, what: string, hint: string): Obstacle {
  return { code: "AddressRefused", message: `Service ${show(service.ref)} ${what}.`, hint };
}

import { resourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { LoadBalancer } from "../../model/service.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { isOwnHost } from "./own-host.ts";
import { findPort, type ServicePort, serviceSpec, tcpPorts } from "./service-port.ts";
import type { CompileSettings } from "./settings.ts";
import type { Obstacle, PartTranslation, ServiceFace, ServiceTarget, TranslateView } from "./translation.ts";

/** The id of the load balancer for one Service port: the port as it is referred to, and how it is spoken to where that is unusual. */
export function serviceId({ namespace, name, port, passHostHeader, scheme }: ServiceTarget) {
  const key = [String(port), ...(passHostHeader ? [] : ["host=server"]), ...(scheme === null ? [] : [`scheme=${scheme}`])].join(
    ";",
  );
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
  const obstacle = port === undefined ? noPort(service, target.port) : obstacleOf(service, port, target, settings);
  if (obstacle !== null) return refused(obstacle);
  const id = serviceId(target);
  const clusterIP = clusterAddress(serviceSpec(service).clusterIP);
  const resource: LoadBalancer = {
    type: "loadBalancer",
    id,
    origin: ref,
    endpoints: view.endpoints({ namespace: target.namespace, name: target.name, port: target.port }),
    scheme: target.scheme ?? schemeOf(port),
    passHostHeader: target.passHostHeader,
    clusterIP,
    ...(clusterIP === null || port === undefined ? {} : { clusterPort: port.port }),
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

function obstacleOf(
  service: StoredObject,
  port: ServicePort,
  { scheme }: ServiceTarget,
  settings: CompileSettings,
): Obstacle | null {
  const spoken = scheme === null ? spokenOn(port) : null;
  if (spoken !== null) return notSpoken(service, port, spoken);
  const { type, externalName } = serviceSpec(service);
  if (type !== "ExternalName") return null;
  if (!externalName) return external(service, "names no external host", "Set spec.externalName.");
  if (settings.allowLoopback || !isOwnHost(externalName)) return null;
  return external(service, `leads to "${externalName}", a loopback address, which is not allowed here`, "");
}

/** What servers say they speak, in the names Kubernetes has for it, and we do not speak. */
const APP_PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ["https", "https"],
  ["kubernetes.io/wss", "https"],
]);

/** HTTP/2 by prior knowledge, in the name Kubernetes has for it (KEP-3726). */
const H2C = "kubernetes.io/h2c";

/** How servers are spoken to where the route does not say. */
function schemeOf(port: ServicePort | undefined): LoadBalancer["scheme"] {
  return port?.appProtocol.toLowerCase() === H2C ? "h2c" : "http";
}

/** What is spoken on a port, as it says or by convention, where we do not speak it; else null. A guess must not be in plaintext. */
function spokenOn({ name, port, appProtocol }: ServicePort): string | null {
  const said = APP_PROTOCOLS.get(appProtocol.toLowerCase());
  if (said !== undefined) return `${said} (appProtocol)`;
  if (appProtocol === "" && (port === 443 || name.startsWith("https"))) return "https by convention";
  return null;
}

function notSpoken(service: StoredObject, { name, port }: ServicePort, spoken: string): Obstacle {
  return {
    code: "NotSupported",
    message: `Port ${port}${name === "" ? "" : ` (${name})`} of Service ${show(service.ref)} speaks ${spoken}, which is not supported yet.`,
    hint: "In an IngressRoute, write scheme: http where it speaks plaintext.",
  };
}

function external(service: StoredObject, what: string, hint: string): Obstacle {
  return { code: "AddressRefused", message: `Service ${show(service.ref)} ${what}.`, hint };
}

import type { StoredObject } from "../store/stored-object.ts";

/** A port of a Service, as far as it matters here. */
export interface ServicePort {
  /** "" when it has none, as a single port may. */
  readonly name: string;
  readonly port: number;
  /** What servers speak on it (KEP-1422); "" when it does not say. */
  readonly appProtocol: string;
}

interface ServiceSpec {
  readonly type?: string;
  readonly externalName?: string;
  readonly clusterIP?: string;
  readonly ports?: readonly {
    readonly name?: string | null;
    readonly port: number;
    readonly protocol?: string;
    readonly appProtocol?: string;
  }[];
}

/** The `spec` of a Service, as written. */
export function serviceSpec(service: StoredObject): ServiceSpec {
  return (service.body.spec ?? {}) as ServiceSpec;
}

/** The TCP ports of a Service. */
export function tcpPorts(service: StoredObject): readonly ServicePort[] {
  const ports = serviceSpec(service).ports ?? [];
  return ports
    .filter((port) => (port.protocol ?? "TCP") === "TCP")
    .map(({ name, port, appProtocol }) => ({
      name: name ?? "",
      port,
      appProtocol: appProtocol ?? "",
    }));
}

/** The port a reference means: by number, or by name. An ExternalName Service that lists no ports has every one. */
export function findPort(service: StoredObject, wanted: number | string): ServicePort | undefined {
  const ports = tcpPorts(service);
  if (typeof wanted === "string") return ports.find((port) => port.name === wanted);
  if (ports.length === 0 && serviceSpec(service).type === "ExternalName") return { name: "", port: wanted, appProtocol: "" };
  return ports.find((port) => port.port === wanted);
}

/** A port as references give it: a text of digits is a number. */
export function portReference(port: number | string): number | string {
  return typeof port === "string" && /^\d{1,5}$/.test(port) ? Number(port) : port;
}

import { isIP } from "node:net";
import { resourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { Endpoints, Server } from "../../model/service.ts";
import type { ObjectView } from "../store/object-view.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { isOwnHost } from "./own-host.ts";
import { findPort, serviceSpec } from "./service-port.ts";
import type { CompileSettings } from "./settings.ts";
import type { EndpointsTarget, PartTranslation } from "./translation.ts";

/** The id of the endpoints of one Service port, the port as it is referred to. */
export function endpointsId({ namespace, name, port }: EndpointsTarget) {
  return resourceId("endpoints", { kind: "Service", namespace, name }, String(port));
}

/**
 * Collects the servers of one Service port from its EndpointSlices: those that are ready; when none is, those that still serve while
 * they terminate (KEP-1669), so that a rollout loses nothing.
 */
export function translateEndpoints(target: EndpointsTarget, view: ObjectView, settings: CompileSettings): PartTranslation<null> {
  const ref: ObjectRef = { kind: "Service", namespace: target.namespace, name: target.name };
  const service = view.get(ref.kind, ref.namespace, ref.name);
  const port = service === undefined ? undefined : findPort(service, target.port);
  const found = service === undefined || port === undefined ? NOBODY : serversOf(service, port, view);
  const allowed = settings.allowLoopback ? found.servers : found.servers.filter((server) => !isOwnHost(server.address));
  const problems = service === undefined ? [] : problemsOf(ref, target.port, found, allowed);
  const resource: Endpoints = { id: endpointsId(target), origin: ref, servers: allowed };
  return { face: null, resource, problems };
}

interface Found {
  readonly servers: readonly Server[];
  /** Why there are none; "" when there are some. */
  readonly why: string;
}

const NOBODY: Found = { servers: [], why: "" };

function serversOf(service: StoredObject, port: { readonly name: string; readonly port: number }, view: ObjectView): Found {
  const { namespace, name } = service.ref;
  const spec = serviceSpec(service);
  if (spec.type === "ExternalName") return { servers: [{ address: externalName(spec.externalName), port: port.port }], why: "" };
  const slices = view.endpointSlices(namespace, name);
  if (slices.length === 0) return { servers: [], why: "it has no EndpointSlice" };
  const entries = slices.flatMap((slice) => readSlice(slice, port.name));
  if (entries.length === 0) return { servers: [], why: noAddress(slices, port.name) };
  const ready = entries.filter((entry) => entry.ready);
  const serving = ready.length > 0 ? ready : entries.filter((entry) => entry.servesWhileTerminating);
  const why = serving.length > 0 ? "" : noneReady(entries.length);
  return { servers: distinct(serving.map((entry) => entry.server)), why };
}

function noneReady(count: number): string {
  return count === 1 ? "its only endpoint is not ready" : `none of its ${count} endpoints is ready`;
}

function externalName(name: string | undefined): string {
  return (name ?? "").toLowerCase().replace(/\.$/, "");
}

interface SliceEntry {
  readonly server: Server;
  readonly ready: boolean;
  readonly servesWhileTerminating: boolean;
}

interface SliceBody {
  readonly addressType?: string;
  readonly ports?: readonly { readonly name?: string | null; readonly port?: number | null; readonly protocol?: string }[] | null;
  readonly endpoints?:
    | readonly {
        readonly addresses?: readonly string[];
        readonly conditions?: {
          readonly ready?: boolean | null;
          readonly serving?: boolean | null;
          readonly terminating?: boolean | null;
        };
      }[]
    | null;
}

/** The endpoints of a slice on the port of this name. An absent condition means ready; serving follows ready where it is absent. */
function readSlice(slice: StoredObject, portName: string): readonly SliceEntry[] {
  const body = slice.body as SliceBody;
  const port = slicePort(body, portName);
  if (port === undefined) return [];
  return (body.endpoints ?? []).flatMap(({ addresses, conditions }) => {
    const ready = conditions?.ready ?? true;
    const servesWhileTerminating = conditions?.terminating === true && (conditions.serving ?? ready);
    // All addresses of one endpoint lead to the same place: the first is enough (EndpointSlice API).
    const address = addresses?.find((candidate) => isIP(candidate) !== 0);
    return address === undefined ? [] : [{ server: { address, port }, ready, servesWhileTerminating }];
  });
}

function slicePort(body: SliceBody, portName: string): number | undefined {
  return body.ports?.find((port) => (port.name ?? "") === portName && (port.protocol ?? "TCP") === "TCP")?.port ?? undefined;
}

function noAddress(slices: readonly StoredObject[], portName: string): string {
  const bodies = slices.map((slice) => slice.body as SliceBody);
  if (bodies.some((body) => slicePort(body, portName) !== undefined)) return "its EndpointSlices hold no address";
  const port = portName === "" ? "unnamed port" : `port named "${portName}"`;
  const isNamed = bodies.some((body) => body.ports?.some(({ name }) => (name ?? "") === portName));
  return isNamed ? `its EndpointSlices give no TCP number for the ${port}` : `its EndpointSlices have no ${port}`;
}

/** Sorted by address and port, without duplicates. */
function distinct(servers: readonly Server[]): readonly Server[] {
  const byKey = new Map(servers.map((server) => [`${server.address} ${server.port}`, server]));
  return [...byKey.values()].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : a.port - b.port));
}

function problemsOf(ref: ObjectRef, port: number | string, found: Found, allowed: readonly Server[]): readonly Problem[] {
  const problems: Problem[] = [];
  for (const server of found.servers) {
    if (!allowed.includes(server)) problems.push(loopbackRefused(ref, server));
  }
  if (allowed.length === 0 && problems.length === 0 && found.why !== "") {
    const message = `Port ${port} of the Service has nobody to send to: ${found.why}.`;
    problems.push(problem("NoEndpoints", ref, "spec.ports", message, ""));
  }
  return problems;
}

function loopbackRefused(ref: ObjectRef, { address, port }: Server): Problem {
  const message = `The endpoint ${address} port ${port} is a loopback address, which is not allowed here; it gets no traffic.`;
  return problem("AddressRefused", ref, "", message, "Loopback endpoints are for `fairway dev`.");
}

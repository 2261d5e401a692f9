import type { ResourceId } from "../../model/ids.ts";
import { originOf, resourceType } from "../../model/ids.ts";
import { type ObjectRef, objectKey } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { Resource } from "../../model/resource.ts";
import type { RootTranslation } from "../translate/translation.ts";
import { conditionTime } from "./conditions.ts";
import { classStatus, controllerEntry, type IngressAddress, routeStatus, type StatusFrame } from "./object-status.ts";
import type { PartRefusal, Programming } from "./programming.ts";
import type { ProxyFleet } from "./proxy-fleet.ts";
import type { StatusRecord } from "./status-book.ts";
import type { StatusWork } from "./status-work.ts";
import { usedResources } from "./used-resources.ts";

/** A class as its statuses need it. */
export interface ClassView {
  readonly fleet: ProxyFleet;
  /** The resources of its graph, a live view. */
  readonly resources: ReadonlyMap<ResourceId, Resource>;
  /** Addresses its Ingresses get; empty while there are none. */
  readonly addresses: readonly IngressAddress[];
}

export interface DesiredContext {
  readonly controllerName: string;
  readonly nowMs: number;
  /** The classes of the work, in its order. */
  readonly classes: readonly ClassView[];
  /** Every class: what is shared may be refused by proxies of any. */
  readonly allFleets: Iterable<ProxyFleet>;
}

/** What an object's status is to be, as the body of an apply; null: as it is. Remembers in the record that all proxies run it. */
export function desiredStatus(work: StatusWork, record: StatusRecord, context: DesiredContext): object | null {
  if (work.family === "events") return null;
  const frame: StatusFrame = {
    controllerName: context.controllerName,
    observedGeneration: work.generation,
    before: record.seen.times,
    now: conditionTime(context.nowMs),
  };
  if (work.family === "shared") {
    const problems = [...work.problems, ...ownRefusals(work.ref, context.allFleets)];
    return { controllers: [controllerEntry(problems, work.kindColumn, frame)] };
  }
  const programming = programmingOf(work, record, context.classes);
  if (programming.state === "programmed") record.programmedGeneration = work.generation;
  if (work.family === "ingress") return ingressStatus(work, programming, context.classes);
  const facts = {
    problems: [...work.problems, ...refusedProblem(work.ref, programming)],
    hasEffect: work.family === "class" || work.translation.routers.length > 0,
    programming,
    isCurrent: isCovered(work, context.classes) || (work.lane === "backlog" && record.programmedGeneration === work.generation),
  };
  if (work.family === "route") return routeStatus(facts, work.translation.routers, frame);
  return classStatus(facts, classFacts(work, record, context.classes), frame);
}

/** Whether every serving proxy of every class of a work runs what it is about. */
export function isCovered(work: StatusWork, classes: readonly Pick<ClassView, "fleet">[]): boolean {
  return classes.every(({ fleet }) => fleet.coveredByAll() >= work.sequence);
}

function programmingOf(work: StatusWork, record: StatusRecord, classes: readonly ClassView[]): Programming {
  const standings = classes.map(({ fleet }) => fleet.standing(work.sequence));
  const proxies = standings.reduce((sum, standing) => sum + standing.proxies, 0);
  const running = standings.reduce((sum, standing) => sum + standing.running, 0);
  for (const { fleet, resources } of classes) {
    const refused = refusalOf(work, fleet, resources);
    if (refused !== null) return { state: "refused", ...refused, proxies };
  }
  if (work.isRefused) return { state: "older" };
  if (record.programmedGeneration === work.generation) return { state: "programmed" };
  if (proxies === 0) return { state: "noProxies" };
  if (running === proxies) return { state: "programmed" };
  return { state: "pending", running, proxies, said: classes.map(({ fleet }) => fleet.said()).find((said) => said !== "") ?? "" };
}

function refusalOf(work: StatusWork, fleet: ProxyFleet, resources: ReadonlyMap<ResourceId, Resource>) {
  const refusedIds = fleet.refusedIds();
  if (refusedIds.size === 0) return null;
  const used = work.family === "class" ? entryPointIds(refusedIds) : usedResources(work.translation, resources);
  const found = fleet.refusals(used, work.sequence);
  if (found === null) return null;
  const refusal: PartRefusal = { part: partName(found.id, work.ref, work.translation), reason: found.reason };
  return { refusal, refusing: found.refusing };
}

/** Entry points belong to the class's own object, whatever it is that lists them. */
function entryPointIds(ids: Iterable<ResourceId>): ReadonlySet<ResourceId> {
  return new Set([...ids].filter((id) => resourceType(id) === "entryPoint"));
}

/** What a resource is to whoever reads an object's status. */
function partName(id: ResourceId, reader: ObjectRef, { routers }: RootTranslation): string {
  const origin = originOf(id);
  const rule = routers.find((router) => router.id === id)?.ruleText;
  if (rule !== undefined) return `the rule ${rule}`;
  if (objectKey(origin) === objectKey(reader)) return `its ${resourceType(id)}`;
  return `${origin.kind} "${origin.namespace === "" ? "" : `${origin.namespace}/`}${origin.name}"`;
}

function refusedProblem(ref: ObjectRef, programming: Programming): readonly Problem[] {
  if (programming.state !== "refused") return [];
  const { part, reason } = programming.refusal;
  return [problem("ResourceRefused", ref, "", `A proxy refuses ${part}: ${reason}`)];
}

/** What proxies refuse of an object that others name. */
function ownRefusals(ref: ObjectRef, fleets: Iterable<ProxyFleet>): readonly Problem[] {
  for (const fleet of fleets) {
    const own = new Set([...fleet.refusedIds()].filter((id) => objectKey(originOf(id)) === objectKey(ref)));
    const found = own.size === 0 ? null : fleet.refusals(own, 0);
    if (found !== null) return [problem("ResourceRefused", ref, "", `A proxy refuses it: ${found.reason}`)];
  }
  return [];
}

/** An Ingress gets addresses when its proxies run it and something of it can be served; until then nothing is said. */
function ingressStatus(work: StatusWork, { state }: Programming, [served]: readonly ClassView[]): object | null {
  const isServed = work.translation.routers.length > 0 || !work.problems.some(({ severity }) => severity === "error");
  if (state !== "programmed" || !isServed || served === undefined || served.addresses.length === 0) return null;
  return { loadBalancer: { ingress: served.addresses } };
}

/** A proxy that comes later gets the class as it is by then. */
function classFacts(work: StatusWork, record: StatusRecord, classes: readonly ClassView[]) {
  const sequence = record.programmedGeneration === work.generation ? 0 : work.sequence;
  const names = classes.flatMap(({ resources }) => entryPointNames(resources));
  return {
    entryPoints: [...new Set(names)].sort(),
    proxies: {
      connected: classes.reduce((sum, { fleet }) => sum + fleet.connected, 0),
      programmed: classes.reduce((sum, { fleet }) => sum + fleet.connectedRunning(sequence), 0),
    },
  };
}

function entryPointNames(resources: ReadonlyMap<ResourceId, Resource>): readonly string[] {
  const ids = [...resources.keys()].filter((id) => resourceType(id) === "entryPoint");
  return ids.map((id) => (resources.get(id) as { readonly name: string }).name);
}

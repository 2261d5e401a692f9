import { assert } from "../kernel/assert.ts";
import { objectKey } from "../model/object-ref.ts";
import type {
  GraphReport,
  ReportedEndpoints,
  ReportedEntryPoint,
  ReportedMiddleware,
  ReportedRouter,
  ReportedService,
} from "./graph-report.ts";

/** What a node stands for; each has a shape of its own. */
export type NodeType = "entryPoint" | "router" | "tombstone" | "middleware" | "service" | "endpoints";

export interface DrawnNode {
  /** `n0`, `n1`, … in the order in which nodes are first met. */
  readonly name: string;
  readonly type: NodeType;
  /** Its label, line by line: any text. */
  readonly lines: readonly string[];
}

export interface DrawnEdge {
  readonly from: string;
  readonly to: string;
  /** "" for none. */
  readonly label: string;
}

export interface Drawing {
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
}

/** Servers named in one node; of more it says how many. */
const SERVERS_SHOWN_MAX = 8;

/**
 * The graph as requests pass it: entry point → router → middlewares in their order → service → servers. Where routers hang under
 * another one, its middlewares lead to them, and what none of them takes to its service.
 *
 * A middleware is drawn once for each way that leads on from it, so that every path through the drawing is one that requests take;
 * routers with the same last steps share them.
 */
export function drawGraph(report: GraphReport): Drawing {
  return new Draughtsman(report).draw();
}

/** Where a router's last middleware leads. */
type End = Pick<ReportedRouter, "children" | "service">;

class Draughtsman {
  readonly #report: GraphReport;
  readonly #routers: ReadonlyMap<string, ReportedRouter>;
  readonly #middlewares: ReadonlyMap<string, ReportedMiddleware>;
  readonly #services: ReadonlyMap<string, ReportedService>;
  readonly #endpoints: ReadonlyMap<string, ReportedEndpoints>;
  readonly #nodes = new Map<string, DrawnNode>();
  readonly #edges: DrawnEdge[] = [];

  constructor(report: GraphReport) {
    this.#report = report;
    this.#routers = byId(report.routers);
    this.#middlewares = byId(report.middlewares);
    this.#services = byId(report.services);
    this.#endpoints = byId(report.endpoints);
  }

  draw(): Drawing {
    for (const entryPoint of this.#report.entryPoints) {
      this.#node(`entryPoint ${entryPoint.name}`, "entryPoint", () => [entryPoint.name, addressText(entryPoint)]);
    }
    for (const router of this.#report.routers) this.#router(router);
    return { nodes: [...this.#nodes.values()], edges: this.#edges };
  }

  #router(router: ReportedRouter): void {
    const name = this.#routerNode(router);
    for (const entryPoint of router.entryPoints) this.#edge(`entryPoint ${entryPoint}`, name);
    this.#steps(name, router.middlewares, router);
  }

  #routerNode({ id, object, rule, priority, tombstone }: ReportedRouter): string {
    const about = `${objectKey(object)}, priority ${priority}`;
    const lines = tombstone === null ? [rule, about] : [rule, about, `503: ${tombstone.join(", ")}`];
    return this.#node(id, tombstone === null ? "router" : "tombstone", () => lines);
  }

  /** The way from a node through middlewares to where they lead. */
  #steps(from: string, middlewares: readonly string[], end: End): void {
    const [first, ...rest] = middlewares;
    if (first === undefined) {
      this.#end(from, end);
      return;
    }
    const key = [...middlewares, ...end.children, end.service].join(" ");
    const isNew = !this.#nodes.has(key);
    const { kind, object } = found(this.#middlewares, first);
    const name = this.#node(key, "middleware", () => [kind, objectKey(object)]);
    this.#edges.push({ from, to: name, label: "" });
    if (isNew) this.#steps(name, rest, end);
  }

  #end(from: string, { children, service }: End): void {
    for (const child of children) this.#edges.push({ from, to: this.#routerNode(found(this.#routers, child)), label: "" });
    if (service !== null) this.#service(from, service, children.length > 0 ? "else" : "");
  }

  #service(from: string, id: string, label: string): void {
    const isNew = !this.#nodes.has(id);
    const service = found(this.#services, id);
    const name = this.#node(id, "service", () => [objectKey(service.object), serviceNote(service)]);
    this.#edges.push({ from, to: name, label });
    if (!isNew) return;
    const total = service.services.reduce((sum, { weight }) => sum + weight, 0);
    for (const member of service.services) this.#service(name, member.service, `${member.weight} of ${total}`);
    if (service.endpoints !== null) this.#edges.push({ from: name, to: this.#servers(service.endpoints), label: "" });
  }

  #servers(id: string): string {
    return this.#node(id, "endpoints", () => serverLines(found(this.#endpoints, id)));
  }

  /** The name of a node; made when it is first asked for. */
  #node(key: string, type: NodeType, lines: () => readonly string[]): string {
    const known = this.#nodes.get(key);
    if (known !== undefined) return known.name;
    const node = { name: `n${this.#nodes.size}`, type, lines: lines() };
    this.#nodes.set(key, node);
    return node.name;
  }

  #edge(fromKey: string, to: string): void {
    const from = this.#nodes.get(fromKey);
    if (from !== undefined) this.#edges.push({ from: from.name, to, label: "" });
  }
}

function byId<T extends { readonly id: string }>(list: readonly T[]): ReadonlyMap<string, T> {
  return new Map(list.map((one) => [one.id, one]));
}

function found<T>(map: ReadonlyMap<string, T>, id: string): T {
  const value = map.get(id);
  assert(value !== undefined, `what a graph refers to is in it: ${id}`);
  return value;
}

function addressText({ host, port, tls }: ReportedEntryPoint): string {
  return `${hostPort(host === "" ? "*" : host, port)}${tls ? ", TLS" : ""}`;
}

function serviceNote({ type, port }: ReportedService): string {
  return type === "weighted" ? "by weight" : `port ${port}`;
}

function serverLines({ servers }: ReportedEndpoints): readonly string[] {
  if (servers.length === 0) return ["no endpoint"];
  const shown = servers.slice(0, SERVERS_SHOWN_MAX).map(({ address, port }) => hostPort(address, port));
  return servers.length > shown.length ? [...shown, `and ${servers.length - shown.length} more`] : shown;
}

/** `HOST:PORT`, IPv6 addresses in brackets. */
export function hostPort(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

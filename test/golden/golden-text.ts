import { stringify } from "yaml";
import { objectKey } from "../../src/model/object-ref.ts";
import type { Problem } from "../../src/model/problem.ts";
import type { Rank } from "../../src/model/rank.ts";
import { redactResource } from "../../src/model/redact.ts";
import type { Resource } from "../../src/model/resource.ts";
import { compileWorld, readWorld } from "./world.ts";

/** What a golden input compiles to, as text: the graph of each class, resource by resource, and all problems. */
export function goldenText(input: string): string {
  const world = readWorld(input);
  const { compiler, result } = compileWorld(world);
  const graphs = compiler.classes().map((name) => {
    const resources = [...(compiler.graph(name)?.resources.values() ?? [])];
    return [name, Object.fromEntries(resources.filter(isCompiled).sort(byId).map(show))] as const;
  });
  const problems = [...world.problems, ...result.problems].map(showProblem);
  return stringify({ classes: Object.fromEntries(graphs), problems }, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** Entry points that come from the settings, and not from a FairwayClass, are not compiled. */
function isCompiled(resource: Resource): boolean {
  return !resource.id.startsWith("entryPoint:EntryPoint/");
}

function byId(a: Resource, b: Resource): number {
  return a.id < b.id ? -1 : 1;
}

/** A resource by its id. What says nothing is left out, and the parsed rule, since its text says the same. */
function show(resource: Resource): readonly [string, unknown] {
  const { id, origin: _origin, ...rest } = redactResource(resource) as Resource & { readonly origin?: unknown };
  if ("chainPem" in rest) return [id, { ...rest, chainPem: `${rest.chainPem.length} characters` }];
  if ("servers" in rest) return [id, rest.servers.map(({ address, port }) => `${address} port ${port}`)];
  if (!("ruleText" in rest)) return [id, rest];
  const { rule: _rule, entryPoints, rank, middlewares, service, tombstone, ruleText, parents = [], isParent, tlsOption } = rest;
  return [
    id,
    {
      ...(parents.length === 0 ? { on: entryPoints.join(", ") } : { under: parents.map(objectKey).join(", ") }),
      rule: ruleText,
      rank: showRank(rank),
      ...(middlewares.length === 0 ? {} : { middlewares }),
      ...(isParent === true ? { next: "its children" } : {}),
      ...(service === null ? {} : { service }),
      ...(tlsOption === undefined ? {} : { tlsOption: tlsOption ?? "refused" }),
      ...(tombstone === null ? {} : { tombstone: tombstone.join(", ") }),
    },
  ];
}

function showRank({ priority, host, path, pathLength, predicates, createdAtMs, object, index }: Rank): string {
  const created =
    createdAtMs < Number.MAX_SAFE_INTEGER
      ? new Date(createdAtMs).toISOString()
      : createdAtMs === Number.MAX_SAFE_INTEGER
        ? "unknown"
        : "going";
  return `priority ${priority}, host ${host}, path ${path} of ${pathLength}, predicates ${predicates}, created ${created}, ${object}, index ${index}`;
}

function showProblem({ severity, code, object, field, message, hint }: Problem) {
  return { [code]: `${objectKey(object)} ${field}`.trim(), severity, message, ...(hint === "" ? {} : { hint }) };
}

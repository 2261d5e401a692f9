import { expect, test } from "vitest";
import { loadManifests } from "../control/sources/directory/load-manifests.ts";
import { compileObjects, readObjects } from "./compiled-manifests.ts";
import { DEFAULT_ENTRY_POINTS } from "./entry-point-flags.ts";
import { dotText } from "./graph-dot.ts";
import { type Drawing, drawGraph } from "./graph-drawing.ts";
import { mermaidText } from "./graph-mermaid.ts";
import { graphReport } from "./graph-report.ts";
import { compileText, manifests, middleware, publishedSchema, route, rule, service } from "./sample-manifests.ts";

const isReport = publishedSchema("graph");
const STRIP = middleware("strip", "{ stripPrefix: { prefixes: [/a] } }");
const ADD = middleware("add", "{ addPrefix: { prefix: /v1 } }");

async function reportOf(text: string) {
  const report = graphReport((await compileText(text)).graph);
  expect(isReport(JSON.parse(JSON.stringify(report))), JSON.stringify(isReport.errors)).toBe(true);
  return report;
}

const WORLD = [
  route(
    "shop",
    rule("Host(`a.test`) && Path(`/x`)", "web", "middlewares: [{ name: strip }, { name: add }]") +
      rule("Host(`a.test`)", "web", "middlewares: [{ name: add }]") +
      rule("Host(`gone.test`)", "gone"),
    "  entryPoints: [web]\n",
  ),
  STRIP,
  ADD,
  service("web"),
];

test("the report tells everything a request passes, in the order rules are tried", async () => {
  const report = await reportOf(manifests(...WORLD));
  expect(report.entryPoints.map(({ name }) => name)).toEqual(["web", "websecure"]);
  expect(report.routers.map(({ rule: text, priority, tombstone }) => [text, priority, tombstone])).toEqual([
    ["Host(`a.test`) && Path(`/x`)", 28, null],
    ["Host(`gone.test`)", 17, ["ServiceNotFound"]],
    ["Host(`a.test`)", 14, null],
  ]);
  expect(report.routers[0]).toMatchObject({
    object: { kind: "IngressRoute", namespace: "default", name: "shop" },
    entryPoints: ["web"],
    middlewares: ["middleware:Middleware/default/strip/", "middleware:Middleware/default/add/"],
    service: "service:Service/default/web/80",
  });
  expect(report.middlewares.map(({ kind }) => kind)).toEqual(["addPrefix", "stripPrefix"]);
  expect(report.services).toMatchObject([{ type: "loadBalancer", port: "80", endpoints: "endpoints:Service/default/web/80" }]);
  expect(report.endpoints).toMatchObject([{ servers: [{ address: "10.0.0.1", port: 8080 }] }]);
});

test("the order of the documents changes not a byte", async () => {
  const expected = JSON.stringify(await reportOf(manifests(...WORLD)));
  expect(JSON.stringify(await reportOf(manifests(...WORLD.toReversed())))).toBe(expected);
});

test("the samples' graph holds to its schema, weighted services included", async () => {
  const read = await readObjects((intake) => loadManifests("config/samples/demo", intake));
  const report = graphReport(compileObjects(read, DEFAULT_ENTRY_POINTS, []).graph);
  expect(isReport(JSON.parse(JSON.stringify(report))), JSON.stringify(isReport.errors)).toBe(true);
  expect(report.services.find(({ type }) => type === "weighted")?.services.map(({ weight }) => weight)).toEqual([3, 1]);
  expect(isReport({ ...report, routers: [{}] })).toBe(false);
});

test("a drawing follows requests: a middleware is drawn once for each way that leads on from it", async () => {
  const { nodes, edges } = drawGraph(await reportOf(manifests(...WORLD)));
  const labelOf = new Map(nodes.map(({ name, lines }) => [name, lines[0]]));
  expect(edges.map(({ from, to }) => `${labelOf.get(from)} → ${labelOf.get(to)}`)).toEqual([
    "web → Host(`a.test`) && Path(`/x`)",
    "Host(`a.test`) && Path(`/x`) → stripPrefix",
    "stripPrefix → addPrefix",
    "addPrefix → Service/default/web",
    "Service/default/web → 10.0.0.1:8080",
    "web → Host(`gone.test`)",
    "web → Host(`a.test`)",
    "Host(`a.test`) → addPrefix",
  ]);
});

test("DOT has a node and an edge for each", async () => {
  const world = manifests(route("shop", rule("Host(`a.test`)", "web") + rule("Host(`b.test`)", "gone")), service("web"));
  expect(dotText(drawGraph(await reportOf(world)))).toBe(`digraph fairway {
  rankdir=LR;
  node [fontname="sans-serif", fontsize=10];
  edge [fontname="sans-serif", fontsize=9];
  n0 [shape=cds, label="web\\n127.0.0.1:8080"];
  n1 [shape=cds, label="websecure\\n127.0.0.1:8443, TLS"];
  n2 [shape=box, label="Host(\`a.test\`)\\nIngressRoute/default/shop, priority 14"];
  n3 [shape=ellipse, label="Service/default/web\\nport 80"];
  n4 [shape=note, label="10.0.0.1:8080"];
  n5 [shape=box, style=dashed, color="red", label="Host(\`b.test\`)\\nIngressRoute/default/shop, priority 14\\n503: ServiceNotFound"];
  n0 -> n2;
  n1 -> n2;
  n2 -> n3;
  n3 -> n4;
  n0 -> n5;
  n1 -> n5;
}
`);
});

test("Mermaid has a node and an edge for each", async () => {
  const world = manifests(route("shop", rule("Host(`a.test`)", "web")), service("web"));
  expect(mermaidText(drawGraph(await reportOf(world)))).toBe(`flowchart LR
  n0>"web<br/>127.0.0.1:8080"]
  n1>"websecure<br/>127.0.0.1:8443, TLS"]
  n2["Host(#96;a.test#96;)<br/>IngressRoute/default/shop, priority 14"]
  n3(["Service/default/web<br/>port 80"])
  n4[("10.0.0.1:8080")]
  n0 --> n2
  n1 --> n2
  n2 --> n3
  n3 --> n4
`);
});

test("no label can end its quotes or be taken for markup", () => {
  const lines = ['a"]; evil -> "\\N\\', "<script>&lt;`**b**`\n#35;"];
  const drawing: Drawing = {
    nodes: [{ name: "n0", type: "router", lines }],
    edges: [{ from: "n0", to: "n0", label: 'x"|' }],
  };
  expect(dotText(drawing)).toContain('label="a\\"]; evil -> \\"\\\\N\\\\\\n<script>&amp;lt;`**b**` #35;"];');
  expect(dotText(drawing)).toContain('n0 -> n0 [label="x\\"|"];');
  const mermaid = mermaidText(drawing);
  expect(mermaid).toContain(
    'n0["a#34;]#59; evil -#62; #34;#92;N#92;<br/>#60;script#62;#38;lt#59;#96;#42;#42;b#42;#42;#96; #35;35#59;"]',
  );
  expect(mermaid).toContain('n0 -->|"x#34;#124;"| n0');
});

test("routers under another one are reached through its middlewares, and what none takes goes to its service", async () => {
  const child = (name: string, match: string) => route(name, rule(match, "web"), "  parentRefs: [{ name: root }]\n");
  const parent = route("root", rule("Host(`a.test`)", "web", "middlewares: [{ name: add }]"), "  entryPoints: [web]\n");
  const report = await reportOf(
    manifests(ADD, parent, child("one", "Path(`/long`)"), child("two", "Path(`/x`)"), service("web")),
  );
  const byObject = new Map(report.routers.map((router) => [router.object.name, router]));
  expect(byObject.get("root")?.children).toEqual([byObject.get("one")?.id, byObject.get("two")?.id]);
  expect(byObject.get("one")).toMatchObject({ entryPoints: [], children: [] });
  const { nodes, edges } = drawGraph(report);
  const title = new Map(nodes.map(({ name, lines }) => [name, lines[0]]));
  expect(edges.map(({ from, to, label }) => [title.get(from), title.get(to), label])).toEqual(
    expect.arrayContaining([
      ["web", "Host(`a.test`)", ""],
      ["Host(`a.test`)", "addPrefix", ""],
      ["addPrefix", "Path(`/long`)", ""],
      ["addPrefix", "Path(`/x`)", ""],
      ["addPrefix", "Service/default/web", "else"],
      ["Path(`/x`)", "Service/default/web", ""],
    ]),
  );
});

import type { Drawing, NodeType } from "./graph-drawing.ts";

const SHAPES: Readonly<Record<NodeType, string>> = {
  entryPoint: "shape=cds",
  router: "shape=box",
  tombstone: 'shape=box, style=dashed, color="red"',
  middleware: 'shape=box, style="rounded"',
  service: "shape=ellipse",
  endpoints: "shape=note",
};

/** The drawing in the DOT language of Graphviz: `fairway graph DIR --output dot | dot -Tsvg > graph.svg`. */
export function dotText({ nodes, edges }: Drawing): string {
  return `${[
    "digraph fairway {",
    "  rankdir=LR;",
    '  node [fontname="sans-serif", fontsize=10];',
    '  edge [fontname="sans-serif", fontsize=9];',
    ...nodes.map(({ name, type, lines }) => `  ${name} [${SHAPES[type]}, label="${lines.map(escapeLabel).join("\\n")}"];`),
    ...edges.map(({ from, to, label }) => `  ${from} -> ${to}${label === "" ? "" : ` [label="${escapeLabel(label)}"]`};`),
    "}",
  ].join("\n")}\n`;
}

/**
 * Text inside a quoted label: there a backslash begins an escape (`\n`, `\N`, `\G` …), `&` a reference of HTML, and a quote ends it.
 * Line ends and other control characters become spaces.
 */
function escapeLabel(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this replaces
  const visible = text.toWellFormed().replace(/[\u0000-\u001f\u007f]/g, " ");
  return visible.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("&", "&amp;");
}

import type { Drawing, NodeType } from "./graph-drawing.ts";

const SHAPES: Readonly<Record<NodeType, readonly [open: string, close: string]>> = {
  entryPoint: [">", "]"],
  router: ["[", "]"],
  tombstone: ["[", "]"],
  middleware: ["(", ")"],
  service: ["([", "])"],
  endpoints: ["[(", ")]"],
};

/** The drawing as a Mermaid flowchart, as GitHub and GitLab show it in a Markdown block of the language `mermaid`. */
export function mermaidText({ nodes, edges }: Drawing): string {
  const tombstones = nodes.filter(({ type }) => type === "tombstone").map(({ name }) => name);
  return `${[
    "flowchart LR",
    ...nodes.map(({ name, type, lines }) => {
      const [open, close] = SHAPES[type];
      return `  ${name}${open}"${lines.map(escapeLabel).join("<br/>")}"${close}`;
    }),
    ...edges.map(({ from, to, label }) => `  ${from} -->${label === "" ? "" : `|"${escapeLabel(label)}"|`} ${to}`),
    ...(tombstones.length === 0
      ? []
      : ["  classDef tombstone stroke:#c00,stroke-dasharray:4", `  class ${tombstones.join(",")} tombstone`]),
  ].join("\n")}\n`;
}

/**
 * Text inside a quoted label, where Mermaid knows quotes, HTML, Markdown (between back-quotes) and its own references (`#35;`): all but
 * plain characters is written as such a reference. Line ends and other control characters become spaces.
 */
function escapeLabel(text: string): string {
  return text.toWellFormed().replace(/[^A-Za-z0-9 ,.:/()[\]=-]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x20 || code === 0x7f ? " " : `#${code};`;
  });
}

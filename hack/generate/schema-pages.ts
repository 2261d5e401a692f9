import { anchor, code, table } from "./markdown.ts";
import { nodesOf, type Schema, typeIdentity } from "./schema.ts";

/** One heading of a page, with the fields of one schema. */
export interface Section {
  readonly name: string;
  /** What stands between the heading and the fields, in Markdown. */
  readonly intro: string;
  readonly schema: Schema;
}

/** A schema with a title, and who uses it. */
interface NamedType {
  readonly schema: Schema;
  readonly title: string;
  /** Names of the sections, in order. */
  readonly users: string[];
}

/** The heading of a schema's own table; undefined for a schema without a title. */
type HeadingOf = (schema: Schema) => string | undefined;

/**
 * The sections one after another, each followed by the types that it alone uses; types that several sections share come last, once.
 * A type is a schema with a title; tables link to it.
 */
export function renderSections(sections: readonly Section[]): string {
  const types = collectTypes(sections);
  const headingOf = headings(types);
  const tell = (type: NamedType) =>
    `### ${headingOf(type.schema)}\n\n${type.schema.description ?? ""}\n\n${fields(type.schema, headingOf)}`;
  const parts = sections.map(({ name, intro, schema }) => {
    const own = types.filter(({ users }) => users.length === 1 && users[0] === name);
    return `## ${name}\n\n${intro}${fields(schema, headingOf)}${own.map(tell).join("")}`;
  });
  const shared = types.filter(({ users }) => users.length > 1).sort((a, b) => (a.title < b.title ? -1 : 1));
  if (shared.length > 0) parts.push(`## Shared types\n\n${shared.map(tell).join("")}`);
  return parts.join("");
}

/** The types below the sections' own schemas, in order of appearance. Equal schemas are one type. */
function collectTypes(sections: readonly Section[]): NamedType[] {
  const types = new Map<string, NamedType>();
  for (const { name, schema } of sections) {
    for (const node of nodesOf(schema)) {
      if (node === schema || node.title === undefined) continue;
      const type = types.get(typeIdentity(node)) ?? { schema: node, title: node.title, users: [] };
      if (!type.users.includes(name)) type.users.push(name);
      types.set(typeIdentity(node), type);
    }
  }
  return [...types.values()];
}

/** Headings are titles; where a title stands for different schemas, the section that uses it is named too. */
function headings(types: readonly NamedType[]): HeadingOf {
  const found = new Map(
    types.map(({ schema, title, users }) => {
      const isUnique = types.filter((other) => other.title === title).length === 1;
      return [typeIdentity(schema), isUnique ? title : `${title} (${users[0]})`];
    }),
  );
  return (schema) => (schema.title === undefined ? undefined : found.get(typeIdentity(schema)));
}

/** The table of a schema's fields, and the rules that hold between them. */
function fields(schema: Schema, headingOf: HeadingOf): string {
  const rows = rowsOf(schema, "", headingOf);
  const rules = (schema["x-kubernetes-validations"] ?? []).map(({ message }) => `- ${message}\n`);
  const listed = rules.length > 0 ? `Rules:\n\n${rules.join("")}\n` : "";
  return (rows.length > 0 ? `${table(["Field", "Type", "Allowed", "Meaning"], rows)}\n` : "") + listed;
}

function rowsOf(schema: Schema, prefix: string, headingOf: HeadingOf): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = prefix + name;
    const required = schema.required?.includes(name) ? " (required)" : "";
    const row = [code(path) + required, typeOf(field, headingOf), allowed(field), field.description ?? ""];
    return [row, ...rowsBelow(field, path, headingOf)];
  });
}

/** Rows for what has no title, and therefore no place of its own. */
function rowsBelow(field: Schema, path: string, headingOf: HeadingOf): string[][] {
  if (field.title !== undefined) return [];
  if (field.items !== undefined) return rowsBelow(field.items, `${path}[]`, headingOf);
  if (typeof field.additionalProperties === "object") return rowsBelow(field.additionalProperties, `${path}.*`, headingOf);
  return rowsOf(field, `${path}.`, headingOf);
}

function typeOf(field: Schema, headingOf: HeadingOf): string {
  const heading = headingOf(field);
  if (heading !== undefined) return `[${field.title}](#${anchor(heading)})`;
  if (field["x-kubernetes-int-or-string"] === true) return "integer or string";
  if (field.items !== undefined) return `list of ${typeOf(field.items, headingOf)}`;
  if (typeof field.additionalProperties === "object") return `map to ${typeOf(field.additionalProperties, headingOf)}`;
  return field.type ?? "";
}

/** The bounds of a value, in words. */
function allowed(field: Schema): string {
  const values = field.enum ?? field.items?.enum ?? [];
  const said = [
    values.map((value) => code(String(value))).join(", "),
    range(field.minimum, field.maximum, ""),
    range(field.minLength, field.maxLength, "characters"),
    range(field.minItems, field.maxItems, "items"),
    range(field.minProperties, field.maxProperties, "entries"),
    code(field.pattern ?? ""),
  ];
  return said.filter((text) => text !== "").join("; ");
}

function range(min: number | undefined, max: number | undefined, what: string): string {
  if (min === undefined && max === undefined) return "";
  const numbers =
    min === undefined
      ? `at most ${max}`
      : max === undefined
        ? `at least ${min}`
        : min === max
          ? `exactly ${min}`
          : `${min} to ${max}`;
  return what === "" ? numbers : `${numbers} ${what}`;
}

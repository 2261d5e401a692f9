import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { FAILURE_MEANINGS, FailureCode } from "../../src/model/failure.ts";
import type { PROBLEM_CODES, ProblemCode } from "../../src/model/problem-codes.ts";
import type { Matcher } from "../../src/rules/matcher.ts";
import type { MatcherFolder, MiddlewareFolder } from "./extension-folders.ts";
import type { GeneratedFiles } from "./generated-files.ts";
import { anchor, code, PAGE_BANNER, table } from "./markdown.ts";
import { metricsPage } from "./metrics-page.ts";
import { type Crd, crdSchema } from "./schema.ts";
import { renderSections } from "./schema-pages.ts";
import { SourceError } from "./source-error.ts";

/** What the pages are made of. */
export interface ReferenceSources {
  readonly root: string;
  /** Every CRD. */
  readonly crds: readonly Crd[];
  readonly middlewares: readonly MiddlewareFolder[];
  readonly matchers: readonly MatcherFolder[];
}

/** The pages of `docs/reference` that follow from schemas and tables. */
export async function referencePages(sources: ReferenceSources): Promise<GeneratedFiles> {
  return new Map([
    ["docs/reference/resources.md", resourcesPage(sources)],
    ["docs/reference/middlewares.md", middlewaresPage(sources)],
    ["docs/reference/matchers.md", await matchersPage(sources)],
    ["docs/reference/problems.md", await problemsPage(sources.root)],
    ["docs/reference/failures.md", await failuresPage(sources.root)],
    ["docs/reference/metrics.md", await metricsPage(sources.root)],
  ]);
}

function resourcesPage({ crds }: ReferenceSources): string {
  const sorted = [...crds].sort((a, b) => (a.spec.names.kind < b.spec.names.kind ? -1 : 1));
  const sections = sorted.map((crd) => {
    const { kind, plural, shortNames = [] } = crd.spec.names;
    const { group, scope, versions } = crd.spec;
    const schema = crdSchema(crd);
    const names = [plural, ...shortNames].map(code).join(", ");
    const intro = `${schema.description}\n\napiVersion ${code(`${group}/${versions[0]?.name}`)}, ${scope.toLowerCase()}, known to kubectl as ${names}.\n\n`;
    const { spec, status } = schema.properties ?? {};
    const kinds = kind === "Middleware" ? `The kinds and their options: [middlewares](middlewares.md).\n\n` : "";
    const body = kind === "Middleware" ? { status: status ?? {} } : { spec: spec ?? {}, status: status ?? {} };
    return { name: kind, intro: intro + kinds, schema: { type: "object", properties: body } };
  });
  const list = sorted.map(({ spec }) => `- [${spec.names.kind}](#${anchor(spec.names.kind)})\n`).join("");
  return page(
    "Resources",
    `Every kind that \`kubectl apply -k crds\` installs, with every field.\n\n${list}`,
    renderSections(sections),
  );
}

function middlewaresPage({ crds, middlewares }: ReferenceSources): string {
  const composed = crds.find((crd) => crd.spec.names.kind === "Middleware");
  const kinds = composed === undefined ? {} : (crdSchema(composed).properties?.spec?.properties ?? {});
  const sections = middlewares.map(({ kind, hasModule }) => {
    const schema = kinds[kind] ?? {};
    const status = hasModule ? "" : "Not supported yet: a route that uses it answers 503.\n\n";
    return { name: kind, intro: `${schema.description}\n\n${status}`, schema };
  });
  const rows = middlewares.map(({ kind, hasModule }) => [
    `[${kind}](#${anchor(kind)})`,
    hasModule ? "yes" : "not yet",
    kinds[kind]?.description ?? "",
  ]);
  const intro = `The kinds of a Middleware: exactly one of these fields is set in its \`spec\`.\n\n${table(["Kind", "Supported", "Meaning"], rows)}`;
  return page("Middlewares", intro, renderSections(sections));
}

async function matchersPage({ root, matchers }: ReferenceSources): Promise<string> {
  const rows = await Promise.all(
    matchers.map(async ({ folder, exportName }) => {
      const path = `src/extensions/matchers/${folder}/${folder}.ts`;
      const matcher = (await load(root, path))[exportName] as Matcher | undefined;
      if (matcher === undefined) throw new SourceError(`${path} does not export ${exportName}`);
      const { min, max } = matcher.arity;
      return [code(matcher.name), min === max ? String(min) : `${min} to ${max}`, docComment(root, path, exportName)];
    }),
  );
  const intro =
    "The words of the rule language. A name may also be written all lower, all upper, or with only its first letter upper.\n";
  return page("Matchers", intro, table(["Matcher", "Arguments", "True when"], rows));
}

async function problemsPage(root: string): Promise<string> {
  const codes = (await load(root, "src/model/problem-codes.ts")).PROBLEM_CODES as typeof PROBLEM_CODES;
  const rows = sortedEntries<ProblemCode, { severity: string; meaning: string }>(codes).map(([name, entry]) => [
    code(name),
    entry.severity,
    entry.meaning,
  ]);
  const intro = "Something wrong in configuration. `check` prints problems, and the status of the object holds them.\n";
  return page("Problems", intro, table(["Code", "Severity", "Meaning"], rows));
}

async function failuresPage(root: string): Promise<string> {
  const meanings = (await load(root, "src/model/failure.ts")).FAILURE_MEANINGS as typeof FAILURE_MEANINGS;
  const rows = sortedEntries<FailureCode, { source: string; retry: string; meaning: string }>(meanings).map(([name, entry]) => [
    code(name),
    entry.source,
    entry.retry,
    entry.meaning,
  ]);
  const intro = `Something wrong with one request. The source is whose fault it is. A request may be tried again \`never\`, \`ifReused\` (the connection
came from the pool and had perhaps gone stale, and the request can be repeated) or \`always\` (nothing of it was sent).
`;
  return page("Failures", intro, table(["Code", "Source", "Tried again", "Meaning"], rows));
}

function page(title: string, intro: string, body: string): string {
  return `${PAGE_BANNER}\n# ${title}\n\n${intro}\n${body}`.replace(/\n+$/, "\n");
}

/** The text of the comment that stands before an export. Throws, naming the file, when there is none. */
function docComment(root: string, path: string, exportName: string): string {
  const source = readFileSync(join(root, path), "utf8");
  const comment = source.match(new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*export const ${exportName}\\b`))?.[1];
  if (comment === undefined) throw new SourceError(`${path} says nothing about ${exportName}: write a comment before it`);
  return comment.replace(/\n\s*\*/g, " ").trim();
}

function sortedEntries<Key extends string, Entry>(entries: Readonly<Record<Key, Entry>>): [Key, Entry][] {
  return (Object.entries(entries) as [Key, Entry][]).sort(([a], [b]) => (a < b ? -1 : 1));
}

async function load(root: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  return import(pathToFileURL(join(root, path)).href);
}

import { InvalidArgumentError } from "commander";
import type { ObjectStore } from "../control/store/object-store.ts";
import { fail, ok, type Result } from "../kernel/result.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import { resourceId } from "../model/ids.ts";
import { collectEntryPoint, DEFAULT_ENTRY_POINTS } from "./entry-point-flags.ts";
import type { AskedUrl } from "./explain-request.ts";

/** What `--entrypoint` flags say: the entry points there are, and the one the request comes to. */
export interface EntryPointChoice {
  readonly entryPoints: readonly EntryPoint[];
  /** Null leaves it to the URL. */
  readonly chosen: string | null;
}

export const NO_CHOICE: EntryPointChoice = { entryPoints: DEFAULT_ENTRY_POINTS, chosen: null };

/** For commander: `NAME` chooses, `NAME=HOST:PORT[,tls]` says that there is one (the first such flag replaces the default). */
export function collectEntryPointChoice(text: string, before: EntryPointChoice): EntryPointChoice {
  if (text.includes("=")) return { ...before, entryPoints: collectEntryPoint(text, before.entryPoints) };
  if (before.chosen !== null) throw new InvalidArgumentError("A request comes to one entry point.");
  return { ...before, chosen: text };
}

/** The entry points to compile with: those described, and the chosen one where manifests name it and nobody described it. */
export function knownEntryPoints(
  { entryPoints, chosen }: EntryPointChoice,
  store: ObjectStore,
  isTls: boolean,
): Result<readonly EntryPoint[], string> {
  if (chosen === null || entryPoints.some(({ name }) => name === chosen)) return ok(entryPoints);
  const named = [...namesIn(store)].filter((name) => entryPoints.every((entryPoint) => entryPoint.name !== name));
  if (named.includes(chosen)) return ok([...entryPoints, described(chosen, isTls)]);
  return fail(notThere(chosen, [...entryPoints.map(({ name }) => name), ...named]));
}

/** The entry point a request comes to: the chosen one; else of those of the URL's scheme the one with its port, else the first. */
export function entryPointFor(
  entryPoints: readonly EntryPoint[],
  chosen: string | null,
  url: AskedUrl,
): Result<EntryPoint, string> {
  if (chosen !== null) {
    const known = entryPoints.find(({ name }) => name === chosen);
    return known === undefined
      ? fail(
          notThere(
            chosen,
            entryPoints.map(({ name }) => name),
          ),
        )
      : ok(known);
  }
  const candidates = entryPoints.filter(({ tls }) => tls === (url.scheme === "https"));
  const entryPoint = candidates.find(({ port }) => port === url.port) ?? candidates[0];
  return entryPoint === undefined ? fail(`no entry point takes ${url.scheme}: name one with --entrypoint`) : ok(entryPoint);
}

function notThere(name: string, known: readonly string[]): string {
  return `there is no entry point "${name}"; there are ${[...known].sort().join(", ")}`;
}

/** The entry points that routes name. */
function namesIn(store: ObjectStore): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { body } of store.list("IngressRoute")) {
    for (const name of (body.spec as { readonly entryPoints?: readonly string[] }).entryPoints ?? []) names.add(name);
  }
  return names;
}

function described(name: string, tls: boolean): EntryPoint {
  const id = resourceId("entryPoint", { kind: "EntryPoint", namespace: "", name });
  return { id, name, host: "", port: 0, tls, trustedProxies: [] };
}

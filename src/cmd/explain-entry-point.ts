import { InvalidArgumentError } from "commander";
import type { ObjectStore } from "../control/store/object-store.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import { resourceId } from "../model/ids.ts";
import { wrongUse } from "./cli.ts";
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

/**
 * The entry point a request comes to: the one that was chosen; else of those of the URL's scheme the one with its port, else the
 * first. One that manifests name and nobody described is of the URL's scheme. Ends the command when there is none.
 */
export function chooseEntryPoint(
  { entryPoints, chosen }: EntryPointChoice,
  url: AskedUrl,
  store: ObjectStore,
): { readonly entryPoint: EntryPoint; readonly entryPoints: readonly EntryPoint[] } {
  const isTls = url.scheme === "https";
  if (chosen !== null) {
    const known = entryPoints.find(({ name }) => name === chosen);
    if (known !== undefined) return { entryPoint: known, entryPoints };
    const named = [...namesIn(store)].filter((name) => entryPoints.every((entryPoint) => entryPoint.name !== name));
    const all = [...entryPoints.map(({ name }) => name), ...named].sort().join(", ");
    if (!named.includes(chosen)) return wrongUse(`there is no entry point "${chosen}"; there are ${all}`);
    const entryPoint = described(chosen, isTls);
    return { entryPoint, entryPoints: [...entryPoints, entryPoint] };
  }
  const candidates = entryPoints.filter(({ tls }) => tls === isTls);
  const entryPoint = candidates.find(({ port }) => port === url.port) ?? candidates[0];
  if (entryPoint === undefined) return wrongUse(`no entry point takes ${url.scheme}: name one with --entrypoint`);
  return { entryPoint, entryPoints };
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

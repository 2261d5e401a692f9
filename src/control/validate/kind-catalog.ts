import { readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import type { ObjectSchema } from "./object-schema.ts";
import { compileSchema } from "./object-schema.ts";
import { nearestName } from "./schema-walk.ts";
import type { StructuralSchema } from "./structural-schema.ts";

/** A kind that we read. */
export interface KindSchema extends ObjectSchema {
  readonly kind: string;
  readonly isNamespaced: boolean;
  /** Whether it is one of Kubernetes' own: there a null stands for a field that is not there. */
  readonly isCore: boolean;
}

/** Whether a document is of a kind that we read: its schema; not ours to read; or one that should be ours, and why it is not. */
export type KindLookup = KindSchema | "ignored" | { readonly wrong: string; readonly hint: string };

/** The group of our own kinds. */
export const GROUP = "fairway.dev";

interface CoreKind {
  readonly apiVersions: readonly string[];
  readonly file: string;
  readonly isNamespaced: boolean;
}

/** Kubernetes' own kinds that we read; their schemas are in `src/schema/core`. */
const CORE_KINDS: Readonly<Record<string, CoreKind>> = {
  Ingress: { apiVersions: ["networking.k8s.io/v1"], file: "ingress", isNamespaced: true },
  IngressClass: { apiVersions: ["networking.k8s.io/v1"], file: "ingress-class", isNamespaced: false },
  Service: { apiVersions: ["v1"], file: "service", isNamespaced: true },
  EndpointSlice: { apiVersions: ["discovery.k8s.io/v1"], file: "endpoint-slice", isNamespaced: true },
  Secret: { apiVersions: ["v1"], file: "secret", isNamespaced: true },
  ConfigMap: { apiVersions: ["v1"], file: "config-map", isNamespaced: true },
  Namespace: { apiVersions: ["v1"], file: "namespace", isNamespaced: false },
  ReferenceGrant: {
    apiVersions: ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"],
    file: "reference-grant",
    isNamespaced: true,
  },
};

/** Groups that used to have, or might be mistaken to have, one of the core kinds above. */
const CORE_GROUPS = new Set(["", "extensions", "networking.k8s.io", "discovery.k8s.io", "gateway.networking.k8s.io"]);

interface CustomResourceDefinition {
  readonly spec: {
    readonly scope: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: StructuralSchema } }[];
  };
}

/**
 * The schemas of every kind we read: our CRDs and Kubernetes' own, from the files this package ships.
 *
 * A kind's schema is parsed and compiled when its first object comes; its files are trusted.
 */
export class KindCatalog {
  readonly #packageRoot: URL;
  /** Text of the CRD of each of our kinds. */
  readonly #crds: ReadonlyMap<string, string>;
  readonly #found = new Map<string, KindLookup>();

  constructor(packageRoot = new URL("../../../", import.meta.url)) {
    this.#packageRoot = packageRoot;
    this.#crds = crdTexts(new URL("crds/", packageRoot));
  }

  /** The names of our own kinds, sorted. */
  ours(): readonly string[] {
    return [...this.#crds.keys()].sort();
  }

  find(apiVersion: string, kind: string): KindLookup {
    const key = `${apiVersion} ${kind}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const found = this.#look(apiVersion, kind);
    // Only what was read from a file is worth keeping: names of kinds come from anywhere.
    if (typeof found === "object" && "check" in found) this.#found.set(key, found);
    return found;
  }

  #look(apiVersion: string, kind: string): KindLookup {
    const slash = apiVersion.indexOf("/");
    const group = apiVersion.slice(0, Math.max(slash, 0));
    if (group === GROUP) return this.#ours(apiVersion.slice(slash + 1), kind);
    if (!Object.hasOwn(CORE_KINDS, kind) || !CORE_GROUPS.has(group)) return "ignored";
    return this.#core(apiVersion, kind, CORE_KINDS[kind] as CoreKind);
  }

  #ours(version: string, kind: string): KindLookup {
    const text = this.#crds.get(kind);
    if (text === undefined) {
      const nearest = nearestName(kind, [...this.#crds.keys()]);
      const known = `Kinds of ${GROUP}: ${[...this.#crds.keys()].sort().join(", ")}.`;
      return { wrong: `${GROUP} has no kind ${kind}.`, hint: nearest === undefined ? known : `Did you mean ${nearest}?` };
    }
    const { spec } = parse(text) as CustomResourceDefinition;
    const served = spec.versions.find((each) => each.name === version);
    if (served === undefined) {
      const known = spec.versions.map((each) => `${GROUP}/${each.name}`).join(" or ");
      return { wrong: `${kind} has no version ${version}.`, hint: `Write apiVersion: ${known}.` };
    }
    const { openAPIV3Schema } = served.schema;
    const schema = { ...openAPIV3Schema, properties: { ...openAPIV3Schema.properties, metadata: this.#metadata() } };
    return { kind, isNamespaced: spec.scope === "Namespaced", isCore: false, ...compileSchema(schema, false) };
  }

  #core(apiVersion: string, kind: string, { apiVersions, file, isNamespaced }: CoreKind): KindLookup {
    if (!apiVersions.includes(apiVersion)) {
      return { wrong: `${kind} of ${apiVersion} is not read.`, hint: `Write apiVersion: ${apiVersions.join(" or ")}.` };
    }
    return { kind, isNamespaced, isCore: true, ...compileSchema(this.#coreSchema(file), kind === "Secret") };
  }

  /** The standard metadata of every object: in a CRD it is only `type: object`. */
  #metadata(): StructuralSchema {
    return this.#coreSchema("config-map").properties?.metadata ?? {};
  }

  #coreSchema(file: string): StructuralSchema {
    return JSON.parse(readFileSync(new URL(`src/schema/core/${file}.json`, this.#packageRoot), "utf8")) as StructuralSchema;
  }
}

/** The text of each CRD by its kind, not yet parsed: that takes longer than many a start needs. */
function crdTexts(folder: URL): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".yaml"))) {
    const text = readFileSync(new URL(file, folder), "utf8");
    const kind = /^kind: CustomResourceDefinition$/m.test(text) ? /^ {4}kind: (\w+)$/m.exec(text)?.[1] : undefined;
    if (kind !== undefined) texts.set(kind, text);
  }
  return texts;
}

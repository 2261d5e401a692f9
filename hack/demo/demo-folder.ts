import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

/** A local process that the manifests of a folder count on. */
export interface Upstream {
  /** Name of the Service it stands behind. */
  readonly name: string;
  readonly port: number;
}

interface EndpointSlice {
  readonly kind: string;
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly ports: readonly { readonly port: number }[];
}

/** Reads which upstreams the EndpointSlices of a folder name, by their `kubernetes.io/service-name`. */
export function upstreamsOf(folder: string): readonly Upstream[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  const objects = files.flatMap((name) => parseAllDocuments(readFileSync(join(folder, name), "utf8")).map((doc) => doc.toJS()));
  return objects
    .filter((object): object is EndpointSlice => object?.kind === "EndpointSlice")
    .flatMap(({ metadata, ports }) =>
      ports.map(({ port }) => ({ name: metadata.labels?.["kubernetes.io/service-name"] ?? "upstream", port })),
    );
}

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { coreSchemaFile, KINDS } from "./core-schemas/kinds.ts";
import { type OpenApiSchema, toJsonSchema } from "./core-schemas/openapi.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const USAGE = `npx node hack/core-schemas.ts CLUSTER

Writes src/schema/core/*.json, the schemas of the Kubernetes kinds we read, from the API server of a running test cluster.
CLUSTER is the folder that test/cluster/local/up was started with. Needed only when Kubernetes itself changes.
`;

/** The schemas an API server publishes for one group and version, by name. */
function fetchSchemas(cluster: string, groupVersion: string): Readonly<Record<string, OpenApiSchema>> {
  const args = [cluster, "kubectl", "get", "--raw", `/openapi/v3/${groupVersion}`];
  const text = execFileSync(`${ROOT}test/cluster/local/exec`, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(text).components.schemas;
}

const cluster = process.argv[2];
if (cluster === undefined || cluster.startsWith("-")) {
  process.stdout.write(USAGE);
  process.exit(cluster === "--help" ? 0 : 2);
}
for (const kind of KINDS) {
  const schema = toJsonSchema(kind, fetchSchemas(cluster, kind.groupVersion));
  writeFileSync(ROOT + coreSchemaFile(kind), `${JSON.stringify(schema, null, 2)}\n`);
}
execFileSync(`${ROOT}node_modules/.bin/biome`, ["format", "--write", `${ROOT}src/schema/core`], { stdio: "inherit" });

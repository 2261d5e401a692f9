import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { ENTRY_POINT_FIELDS, unsupportedFields } from "../../src/control/translate/supported.ts";
import { FIELDS_MAX } from "../../src/proxy/http1/fields.ts";
import { HEAD_BYTES_MAX, REPLAY_BYTES_MAX } from "../../src/proxy/http1/limits.ts";
import { TARGET_BYTES_MAX } from "../../src/proxy/http1/request-parser.ts";

interface Schema {
  readonly properties: Readonly<Record<string, Schema>>;
  readonly items: Schema;
}

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const crd = parse(read("crds/fairwayclasses.yaml")) as {
  readonly spec: { readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: Schema } }] };
};
const entryPoint = crd.spec.versions[0].schema.openAPIV3Schema.properties.spec?.properties.entryPoints?.items.properties;

test("docs/reference/limits.md names fields that an entry point has, each once", () => {
  const named = [...read("docs/reference/limits.md").matchAll(/`((?:limits|timeouts)\.\w+)`/g)].map(([, field]) => field);
  expect(named.length).toBeGreaterThan(10);
  expect(new Set(named).size).toBe(named.length);
  for (const field of named) {
    const [group = "", name = ""] = field?.split(".") ?? [];
    expect(Object.keys(entryPoint?.[group]?.properties ?? {})).toContain(name);
  }
});

test.for([
  ["requestHeadBytes", HEAD_BYTES_MAX],
  ["requestTargetBytes", TARGET_BYTES_MAX],
  ["requestHeaders", FIELDS_MAX],
  ["bufferedBodyBytes", REPLAY_BYTES_MAX],
] as const)("%s is honoured up to what the engine holds, and not beyond", ([field, most]) => {
  const object = { kind: "FairwayClass", namespace: "", name: "edge" };
  const told = (value: number) => unsupportedFields({ limits: { [field]: value } }, ENTRY_POINT_FIELDS, object, "spec");
  expect(told(most)).toEqual([]);
  expect(told(most + 1)).toMatchObject([{ code: "NotSupported", field: `spec.limits.${field}` }]);
});

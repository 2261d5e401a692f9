import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";

const CONFIG = join(import.meta.dirname, "../../config");
const LOCAL = join(import.meta.dirname, "local");
const OVERLAYS = readdirSync(`${CONFIG}/overlays`);

/** The values that make the chart what an overlay is. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  default: [],
  "overlays/nodeport": ["service.type=NodePort", "service.nodePorts.web=30080", "service.nodePorts.websecure=30443"],
  "overlays/local": [
    ...["service.type=NodePort", "service.nodePorts.web=30080", "service.nodePorts.websecure=30443", "image.tag=local"],
    ...["operator", "proxy"].flatMap((each) => [`${each}.resources.requests.cpu=10m`, `${each}.resources.requests.memory=64Mi`]),
    "proxy.extraArgs={--workers=1}",
  ],
  "overlays/daemonset-hostport": ["proxy.kind=DaemonSet", "proxy.hostPorts=true", "service.type=ClusterIP"],
  "overlays/namespaced": ["namespaces={default}"],
  "overlays/autoscaling": ["autoscaling.enabled=true"],
  "overlays/monitoring": ["monitoring.enabled=true"],
  "overlays/network-policies": ["networkPolicies.enabled=true"],
  "overlays/install-crds": ["installCrds.enabled=true"],
  "overlays/state-key": ["proxy.stateKeySecret=fairway-state-key"],
  "overlays/admission": ["admission.enabled=true"],
};

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

let programs: { readonly kubectl: string; readonly helm: string } | { readonly missing: string };

beforeAll(() => {
  try {
    programs = { kubectl: `${builtBy("build")}/kubectl`, helm: `${builtBy("helm")}/helm` };
  } catch (error) {
    const said = String((error as { stderr?: unknown }).stderr ?? error);
    if (!said.includes("Go 1.26 or newer is needed")) throw error;
    programs = { missing: said.trim() };
    console.error(`\nSKIPPED: kustomize and Helm cannot be built on this machine: ${said}\n`);
  }
});

beforeEach((context) => {
  if ("missing" in programs) context.skip(programs.missing);
});

describe("the chart", () => {
  test("has the values for every overlay", () => {
    expect(Object.keys(VALUES).sort()).toEqual(["default", ...OVERLAYS.map((name) => `overlays/${name}`)].sort());
  });

  test.each(Object.entries(VALUES))("makes the objects of %s", (folder, values) => {
    const ours = ["Namespace"];
    expect(byName(chart(values))).toEqual(byName(kustomized(folder).filter(({ kind }) => !ours.includes(kind))));
  });

  test.each([
    ["proxy.replica=3", "additional properties 'replica' not allowed"],
    ["service.type=ExternalName", "value must be one of"],
    ["proxy.extraArgs={workers}", "does not match pattern"],
    ["operator.replicas=0", "minimum: got 0, want 1"],
  ])("refuses the value %s, and says why", (value, reason) => {
    expect(() => chart([value])).toThrow(reason);
  });
});

describe("every overlay", () => {
  test.each(["default", ...OVERLAYS.map((name) => `overlays/${name}`)])(
    "%s names each object once and has the CRDs",
    (folder) => {
      const objects = kustomized(folder);
      expect(Object.keys(byName(objects))).toHaveLength(objects.length);
      expect(objects.filter(({ kind }) => kind === "CustomResourceDefinition")).toHaveLength(11);
    },
  );
});

function builtBy(script: string): string {
  return execFileSync(join(LOCAL, script), { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

function kustomized(folder: string): readonly Manifest[] {
  if ("missing" in programs) throw new Error(programs.missing);
  return parsed(execFileSync(programs.kubectl, ["kustomize", join(CONFIG, folder)], { encoding: "utf8", stdio: "pipe" }));
}

function chart(values: readonly string[]): readonly Manifest[] {
  if ("missing" in programs) throw new Error(programs.missing);
  const flags = ["--namespace=fairway-system", "--include-crds", ...values.map((value) => `--set=${value}`)];
  const args = ["template", "fairway", join(CONFIG, "chart"), ...flags];
  return parsed(execFileSync(programs.helm, args, { encoding: "utf8", stdio: "pipe", maxBuffer: 64 * 1024 * 1024 }));
}

function parsed(yaml: string): readonly Manifest[] {
  return parseAllDocuments(yaml).flatMap((document) => (document.contents === null ? [] : [document.toJS() as Manifest]));
}

function byName(objects: readonly Manifest[]): Readonly<Record<string, Manifest>> {
  return Object.fromEntries(
    objects.map((object) => [`${object.kind} ${object.metadata.namespace ?? ""}/${object.metadata.name}`, object]),
  );
}

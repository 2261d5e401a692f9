import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { command as admission } from "../src/cmd/admission.ts";
import { command as operator } from "../src/cmd/operator.ts";
import { command as proxy } from "../src/cmd/proxy.ts";
import { WATCHED_KINDS } from "../src/control/sources/kubernetes/kinds.ts";
import { STATUS_KINDS } from "../src/control/status/status-kinds.ts";
import { entryPoint, USER } from "./image/image-root.ts";

const ROOT = join(import.meta.dirname, "..");
const CONFIG = join(ROOT, "config");

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Manifest {
  readonly kind: string;
  readonly rules: readonly Rule[];
}

function read(path: string): string {
  return readFileSync(join(CONFIG, path), "utf8");
}

function manifests(path: string): readonly Manifest[] {
  return parseAllDocuments(read(path)).map((document) => document.toJS() as Manifest);
}

/** What the rules allow, as `verb group/resource`; a rule for named objects alone says which. */
function allowed(rules: readonly Rule[]): readonly string[] {
  return rules
    .flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => `${verb} ${group}/${resource}${resourceNames === undefined ? "" : ` ${resourceNames}`}`),
        ),
      ),
    )
    .sort();
}

const rulesOf = (path: string): readonly Rule[] => manifests(path).flatMap(({ rules }) => rules ?? []);

describe("every flag in config/", () => {
  const files = globSync("{operator,proxy,default,rbac,components,overlays,chart}/**/*.yaml", { cwd: CONFIG });
  const flagged = files.filter((file) => flagsIn(file).length > 0);

  test("is found", () => {
    expect(flagged).toEqual(
      expect.arrayContaining(["operator/deployment.yaml", "proxy/deployment.yaml", "chart/templates/proxy.yaml"]),
    );
  });

  test.each(flagged)("%s has only flags that the command has", (file) => {
    const known = commandOf(file).options.map(({ long }) => long);
    expect(flagsIn(file).filter((flag) => !known.includes(flag))).toEqual([]);
  });

  test("for Node is one that it takes from the environment", () => {
    const flags = files.flatMap(nodeFlagsIn);
    expect(flags).not.toEqual([]);
    expect(flags.filter((flag) => !process.allowedNodeEnvironmentFlags.has(flag))).toEqual([]);
  });
});

describe("the operator's rights", () => {
  const watched = rulesOf("rbac/watched.yaml");
  const cluster = rulesOf("rbac/cluster.yaml");

  test("are those that watching needs, and no others", () => {
    const reads = WATCHED_KINDS.flatMap(({ group, plural, hold }) => {
      const fetched = hold === "wanted" || plural === "services";
      return ["list", "watch", ...(fetched ? ["get"] : [])].map((verb) => `${verb} ${group}/${plural}`);
    });
    const given = allowed([...watched, ...cluster]).filter((right) => /^(get|list|watch) /.test(right));
    expect(given).toEqual([...reads, "get /nodes"].sort());
  });

  test("let it write the status of every kind that has one, Events, and nothing else", () => {
    const plurals = WATCHED_KINDS.filter(({ kind }) => STATUS_KINDS.has(kind)).map(
      ({ group, plural }) => `patch ${group}/${plural}/status`,
    );
    expect(plurals).toHaveLength(STATUS_KINDS.size);
    const given = allowed([...watched, ...cluster]).filter((right) => !/^(get|list|watch) /.test(right));
    expect(given).toEqual(
      [
        ...plurals,
        "create events.k8s.io/events",

        "create authentication.k8s.io/tokenreviews",
      ].sort(),
    );
  });

  test("on its own objects are for them by name, but for `create`, which RBAC cannot hold to a name", () => {
    for (const { verbs, resourceNames } of rulesOf("rbac/own-namespace.yaml")) {
      expect(verbs.includes("create")).toBe(resourceNames === undefined);
    }
  });

  test("are the same in one namespace and in all", () => {
    expect(rulesOf("rbac/watched-namespace/role.yaml")).toEqual(watched);
  });

  test("to install the kinds are for each of them", () => {
    const named = rulesOf("components/install-crds/rights.yaml").flatMap(({ resourceNames = [] }) => resourceNames);
    expect(named).toEqual(
      WATCHED_KINDS.filter(({ isOurs }) => isOurs)
        .map(({ plural, group }) => `${plural}.${group}`)
        .sort(),
    );
  });

  test("never hold a wildcard", () => {
    for (const path of ["rbac/watched.yaml", "rbac/cluster.yaml", "rbac/own-namespace.yaml"])
      expect(read(path)).not.toContain('"*"');
  });
});

test("the proxy has no rights, and no token but the one for the operator", () => {
  const bound = globSync("rbac/**/*.yaml", { cwd: CONFIG }).flatMap((file) => [
    ...read(file).matchAll(/kind: ServiceAccount\n +name: (\S+)/g),
  ]);
  expect(bound.map(([, name]) => name)).not.toContain("fairway-proxy");
  expect(read("proxy/deployment.yaml")).toContain("automountServiceAccountToken: false");
});

test("every file of config/ is part of a kustomization", () => {
  const files = globSync("{crd,operator,proxy,default,rbac,components,overlays}/**/*.yaml", { cwd: CONFIG });
  const unused = files.filter((file) => {
    const folder = dirname(file);
    if (file.endsWith("kustomization.yaml")) return false;
    const { resources = [] } = parse(read(`${folder}/kustomization.yaml`)) as { resources?: readonly string[] };
    return !resources.includes(file.slice(folder.length + 1));
  });
  expect(unused).toEqual([]);
  expect(existsSync(join(CONFIG, "chart/crds/ingressroutes.yaml"))).toBe(true);
});

test("versions in config/ are the package's", () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  const chart = parse(read("chart/Chart.yaml")) as { version: string; appVersion: string };
  expect([chart.version, chart.appVersion]).toEqual([version, version]);
  for (const path of ["operator/deployment.yaml", "proxy/deployment.yaml"])
    expect(read(path)).toContain(`image: fairway.dev/fairway:${version}\n`);
});

test("the Dockerfile's last stage starts like the image that is made without an engine", () => {
  const dockerfile = readFileSync(join(ROOT, "Dockerfile"), "utf8");
  const last = dockerfile.slice(dockerfile.lastIndexOf("FROM "));
  expect(last).toContain(`USER ${USER}\n`);
  expect(last).toContain(
    `ENTRYPOINT [${entryPoint("main.js")
      .map((word) => JSON.stringify(word))
      .join(", ")}]\n`,
  );
  expect(last.startsWith("FROM scratch\nCOPY --from=build /root-of-image /\n")).toBe(true);
});

/** Flags in lists of arguments, and in patches of them. */
function flagsIn(file: string): readonly string[] {
  return [...read(file).matchAll(/(?:^ +- |(?<!name: NODE_OPTIONS, )value: )(--[a-z-]+)/gm)].map(([, flag = ""]) => flag);
}

/** The flags of Node's own in the environment that a file gives. */
function nodeFlagsIn(file: string): readonly string[] {
  return [...read(file).matchAll(/name: NODE_OPTIONS, value: (--[a-z-]+)/gm)].map(([, flag = ""]) => flag);
}

/** The command that a file's flags are for. */
function commandOf(file: string): Command {
  if (/admission\/deployment|templates\/admission/.test(file)) return admission();
  return /proxy|overlays\/local|state-key/.test(file) ? proxy() : operator();
}

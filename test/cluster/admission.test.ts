import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Outcome } from "./cluster.ts";
import { onInstalledCluster } from "./installed-cluster.ts";

const CONFIG = join(import.meta.dirname, "../../config");
const NAMESPACE = "--namespace=fairway-system";

const cluster = onInstalledCluster();

beforeEach((context) => {
  if (!cluster.isOurs) context.skip("it adds a webhook to the cluster, which may be somebody else's");
});

/** The local overlay with the component, as a user's own overlay would have it. */
function overlay(): string {
  const folder = join(cluster.folder, "with-admission");
  mkdirSync(folder, { recursive: true });
  const [resources, components] = ["overlays/local", "components/admission"].map((path) => [
    relative(folder, join(CONFIG, path)),
  ]);
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    namespace: "fairway-system",
    resources,
    components,
  };
  writeFileSync(join(folder, "kustomization.yaml"), JSON.stringify(kustomization));
  return folder;
}

beforeAll(async () => {
  if (!cluster.isOurs) return;
  await cluster.ok("apply", "-k", overlay(), NAMESPACE);
  for (const name of ["fairway-operator", "fairway-admission"]) {
    await cluster.ok("rollout", "status", `deployment/${name}`, NAMESPACE, "--timeout=120s");
  }
});

afterAll(async () => {
  if (!cluster.isOurs) return;
  await cluster.kubectl("delete", "validatingwebhookconfiguration", "fairway-admission");
  await cluster.kubectl("delete", "deployment,service,serviceaccount,poddisruptionbudget,secret", "fairway-admission", NAMESPACE);
  await cluster.kubectl("delete", "role,rolebinding", "fairway-operator-admission", NAMESPACE);
  await cluster.kubectl("delete", "clusterrole,clusterrolebinding", "fairway-operator-admission");
  await cluster.kubectl("apply", "-k", join(CONFIG, "overlays/local"), NAMESPACE);
  await cluster.kubectl("rollout", "status", "deployment/fairway-operator", NAMESPACE, "--timeout=120s");
});

function route(name: string, match: string, more: object = {}): object {
  return {
    apiVersion: "fairway.dev/v1alpha1",
    kind: "IngressRoute",
    metadata: { name, namespace: cluster.namespace, ...more },
    spec: { ingressClassName: "fairway", routes: [{ match, services: [{ name: "nowhere", port: 80 }] }] },
  };
}

function applied(object: object, ...flags: readonly string[]): Promise<Outcome> {
  return cluster.kubectl("apply", "--filename", written(object), ...flags);
}

let files = 0;

function written(object: object): string {
  files += 1;
  const path = join(cluster.folder, `admission-${files}.json`);
  writeFileSync(path, JSON.stringify(object));
  return path;
}

describe("the webhook", () => {
  test("is trusted by the API server: a wrong rule is refused with its field, and a right one is not", async () => {
    // The API server takes a new caBundle after a moment; until then the webhook is ignored.
    await vi.waitFor(
      async () => {
        const refused = await applied(route("wrong", "Host(`a.admission.test`"), "--dry-run=server");
        expect(refused.code).toBe(1);
        expect(refused.stderr).toContain(
          'admission webhook "kinds.fairway.dev" denied the request: InvalidRule spec.routes[0].match:',
        );
      },
      { timeout: 60_000, interval: 1_000 },
    );
    expect((await applied(route("wrong", "Host(`a.admission.test`"))).code).toBe(1);
    expect(await applied(route("right", "Host(`a.admission.test`)"))).toMatchObject({ code: 0 });
  });

  test("names every error of an object", async () => {
    const object = route("many", "Host(`b.admission.test`") as { spec: { routes: object[] } };
    object.spec.routes.push({ match: "PathRegexp(`(?=x)`)", services: [{ name: "nowhere", port: 80 }] });
    const { stderr } = await applied(object);
    expect(stderr).toContain("2 errors:");
    expect(stderr).toContain("InvalidRule spec.routes[0].match");
    expect(stderr).toContain("InvalidRegex spec.routes[1].match");
  });

  test("judges Ingresses of our class alone, and leaves deletions, statuses and other kinds alone", async () => {
    const ingress = (ingressClassName: string) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: {
        name: `of-${ingressClassName}`,
        namespace: cluster.namespace,
        annotations: { "kubernetes.io/description": "an ingress" },
      },
      spec: { ingressClassName, defaultBackend: { service: { name: "nowhere", port: { number: 80 } } } },
    });
    expect((await applied(ingress("fairway"))).code).toBe(0);
    expect((await applied(ingress("somebody-elses"))).code).toBe(0);
    expect((await cluster.kubectl("delete", "ingress", "of-fairway", "of-somebody-elses")).code).toBe(0);
    await cluster.ok("create", "configmap", "not-ours");
  });

  test("does not stand in the way of a change of something else in an object that was wrong before", async () => {
    await cluster.ok("delete", "validatingwebhookconfiguration", "fairway-admission");
    expect((await applied(route("old", "Host(`c.admission.test`"))).code).toBe(0);
    await cluster.ok("apply", "-k", overlay(), NAMESPACE);
    await vi.waitFor(
      async () => expect((await applied(route("new", "Host(`c.admission.test`"), "--dry-run=server")).code).toBe(1),
      {
        timeout: 60_000,
        interval: 1_000,
      },
    );
    const labelled = await cluster.kubectl("label", "ingressroute", "old", "team=shop");
    expect(labelled).toMatchObject({ code: 0 });
    expect(labelled.stderr).toContain("InvalidRule spec.routes[0].match");
    expect((await applied(route("old", "Host(`d.admission.test`"))).code).toBe(1);
    expect((await cluster.kubectl("delete", "ingressroute", "old")).code).toBe(0);
  });

  test("may do nothing on the cluster, and has no token", async () => {
    const account = "system:serviceaccount:fairway-system:fairway-admission";
    for (const asked of [
      ["get", "secrets"],
      ["list", "ingressroutes.fairway.dev"],
      ["get", "services"],
    ] as const) {
      const { stdout } = await cluster.kubectl("auth", "can-i", ...asked, `--as=${account}`, NAMESPACE);
      expect(stdout.trim()).toBe("no");
    }
    const pods = await cluster.ok("get", "pods", NAMESPACE, "--selector=app.kubernetes.io/component=admission", "--output=json");
    const { items } = JSON.parse(pods) as { items: { spec: { volumes: { name: string }[] } }[] };
    expect(items.length).toBeGreaterThan(0);
    for (const { spec } of items) expect(spec.volumes.map(({ name }) => name)).toEqual(["certificate"]);
  });

  test("without its Pods objects come in, and their status says what is wrong", async () => {
    await cluster.ok("scale", "deployment/fairway-admission", NAMESPACE, "--replicas=0");
    await cluster.ok(
      "wait",
      "pods",
      NAMESPACE,
      "--selector=app.kubernetes.io/component=admission",
      "--for=delete",
      "--timeout=60s",
    );
    expect((await applied(route("unjudged", "Host(`e.admission.test`"))).code).toBe(0);
    await cluster.ok("wait", "--for=condition=Accepted=False", "ingressroute/unjudged", "--timeout=30s");
  });
});

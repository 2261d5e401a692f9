import { expect, test } from "vitest";
import { loadText } from "../control/sources/directory/load-manifests.ts";
import { objectKey } from "../model/object-ref.ts";
import { check } from "./check.ts";
import { problemText } from "./check-report.ts";
import { DEFAULT_ENTRY_POINTS } from "./entry-point-flags.ts";
import { explainRequest } from "./explain.ts";
import { collectEntryPointChoice, type EntryPointChoice, NO_CHOICE } from "./explain-entry-point.ts";
import type { ExplainReport } from "./explainer.ts";
import { service } from "./sample-manifests.ts";

/** What the tools say of manifests in which a FairwayClass says where proxies listen, and how. */
const MANIFESTS = `
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: edge }
spec: { controller: fairway.dev/ingress-controller, parameters: { apiGroup: fairway.dev, kind: FairwayClass, name: edge } }
---
apiVersion: fairway.dev/v1alpha1
kind: FairwayClass
metadata: { name: edge }
spec:
  entryPoints:
    - { name: in, address: ":8000", redirect: { to: secure }, forwardedHeaders: { trustedIPs: [10.0.0.0/8] } }
    - { name: secure, address: ":8001", tls: {}, middlewares: [{ name: edge, namespace: default }] }
    - { name: raw, address: ":8002", path: { encodedCharacters: { allowEncodedSlash: true } } }
---
apiVersion: fairway.dev/v1alpha1
kind: Middleware
metadata: { name: edge }
spec: { addPrefix: { prefix: /edge } }
---
apiVersion: fairway.dev/v1alpha1
kind: IngressRoute
metadata: { name: shop }
spec:
  routes:
    - match: Host(\`shop.test\`)
      services: [{ name: shop, port: 80 }]
---
${service("shop")}`;

interface Asked {
  readonly headers?: readonly string[];
  readonly clientIp?: string;
  readonly entrypoint?: EntryPointChoice;
}

function explained(url: string, { headers = [], clientIp = "192.0.2.1", entrypoint = NO_CHOICE }: Asked = {}) {
  const asked = { url, method: "GET", headers, clientIp };
  return explainRequest((intake) => loadText(MANIFESTS, intake), asked, { entrypoint, class: [] });
}

const winner = ({ winner: found }: ExplainReport) => found?.object.kind;

test("requests come to the entry points of the FairwayClass, by scheme and port, and are redirected between them", async () => {
  const plain = await explained("http://shop.test/");
  expect([plain.request.entryPoint, winner(plain)]).toEqual(["in", "FairwayClass"]);
  const secure = await explained("https://shop.test/");
  expect([secure.request.entryPoint, winner(secure)]).toEqual(["secure", "IngressRoute"]);
  expect(secure.winner?.middlewares.map(({ object }) => object.name)).toEqual(["edge"]);
});

test("what a trusted peer says came in the wanted scheme is not redirected, and nobody else is believed", async () => {
  const headers = ["X-Forwarded-Proto: https"];
  expect(winner(await explained("http://shop.test/", { headers, clientIp: "10.1.2.3" }))).toBe("IngressRoute");
  expect(winner(await explained("http://shop.test/", { headers }))).toBe("FairwayClass");
});

test("a path is held to the policy of its entry point", async () => {
  const [refused, taken] = [await explained("http://shop.test:8000/a%2Fb"), await explained("http://shop.test:8002/a%2Fb")];
  expect(refused.failure?.code).toBe("BadPath");
  expect([taken.request.path, winner(taken)]).toEqual(["/a%2Fb", "IngressRoute"]);
});

test("entry points that flags describe take the place of those of the FairwayClass", async () => {
  const entrypoint = collectEntryPointChoice("web=127.0.0.1:80", NO_CHOICE);
  const report = await explained("http://shop.test/", { entrypoint });
  expect([report.request.entryPoint, winner(report)]).toEqual(["web", "IngressRoute"]);
});

test("check tells what is wrong with a FairwayClass, where it stands", async () => {
  const wrong = MANIFESTS.replace("tls: {}", "tls: { certResolver: acme }").replace(
    "name: edge, namespace",
    "name: gone, namespace",
  );
  const { report } = await check((intake) => loadText(wrong, intake), DEFAULT_ENTRY_POINTS, []);
  expect(report.problems.map(({ code, object, field }) => `${code} ${objectKey(object)} ${field}`.trim())).toEqual([
    "MiddlewareNotFound FairwayClass/edge spec.entryPoints[1].middlewares[0]",
    "NotSupported FairwayClass/edge spec.entryPoints[1].tls.certResolver",
    "UnusedMiddleware Middleware/default/edge",
  ]);
  const line = MANIFESTS.split("\n").findIndex((text) => text.includes("name: secure,")) + 1;
  expect(report.problems.slice(0, 2).map(problemText)).toEqual([
    expect.stringContaining(`:${line}`),
    expect.stringContaining(`:${line}`),
  ]);
});

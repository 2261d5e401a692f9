import { expect, test } from "vitest";
import { loadText } from "../control/sources/directory/load-manifests.ts";
import { explainRequest } from "./explain.ts";
import { NO_CHOICE } from "./explain-entry-point.ts";
import { explainText } from "./explain-text.ts";
import { service } from "./sample-manifests.ts";

const route = (host: string, option: string) => `
apiVersion: fairway.dev/v1alpha1
kind: IngressRoute
metadata: { name: ${host} }
spec:
  tls: ${option === "" ? "{}" : `{ options: { name: ${option} } }`}
  routes: [{ match: Host(\`${host}.test\`), services: [{ name: web, port: 80 }] }]
---`;

const MANIFESTS = `${route("plain", "")}${route("strict", "strict")}${route("lost", "nowhere")}
apiVersion: fairway.dev/v1alpha1
kind: TLSOption
metadata: { name: strict }
spec: { minVersion: VersionTLS13 }
---
${service("web")}`;

test.for([
  ["plain", undefined, null],
  ["strict", { kind: "TLSOption", namespace: "default", name: "strict" }, /tls +only connections of TLSOption .*strict/],
  ["lost", null, /tls +no connection: its TLSOption cannot be had/],
] as const)("the TLSOption that a request to %s needs is told", async ([name, option, line]) => {
  const asked = { url: `https://${name}.test/`, method: "GET", headers: [], clientIp: "192.0.2.1" };
  const report = await explainRequest((intake) => loadText(MANIFESTS, intake), asked, { entrypoint: NO_CHOICE, class: [] });
  expect(report.winner?.tlsOption).toEqual(option);
  if (line === null) expect(explainText(report)).not.toMatch(/^ +tls /m);
  else expect(explainText(report)).toMatch(line);
});

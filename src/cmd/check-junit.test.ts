import { expect, test } from "vitest";
import { loadText } from "../control/sources/directory/load-manifests.ts";
import { check } from "./check.ts";
import { checkJunit } from "./check-junit.ts";
import { DEFAULT_ENTRY_POINTS } from "./entry-point-flags.ts";

const SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: good}\n";
const ROUTE = `apiVersion: fairway.dev/v1alpha1
kind: IngressRoute
metadata: {name: shop}
spec:
  routes:
  - match: Host(\`a.example\`)
    services: [{name: gone, port: 80}]
    servics: []
`;
const UNUSED = "apiVersion: fairway.dev/v1alpha1\nkind: Middleware\nmetadata: {name: idle}\nspec: {addPrefix: {prefix: /a}}\n";

async function printed(text: string): Promise<string> {
  const { report, objects } = await check((intake) => loadText(text, intake), DEFAULT_ENTRY_POINTS, []);
  return checkJunit(report, objects);
}

test("each object is a test; its errors make one failure, what is less than an error none", async () => {
  expect(await printed(`${SECRET}---\n${ROUTE}---\n${UNUSED}`)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" errors="0" skipped="0">
  <testsuite name="fairway check" tests="3" failures="1" errors="0" skipped="0">
    <testcase classname="&lt;stdin&gt;" name="Secret/default/good" file="&lt;stdin&gt;" line="1"/>
    <testcase classname="&lt;stdin&gt;" name="IngressRoute/default/shop" file="&lt;stdin&gt;" line="5">
      <failure type="ServiceNotFound" message="Service &quot;default/gone&quot; does not exist.">&lt;stdin&gt;:11: error ServiceNotFound IngressRoute/default/shop spec.routes[0].services[0]: Service "default/gone" does not exist.
&lt;stdin&gt;:12: error UnknownField IngressRoute/default/shop spec.routes[0].servics: Unknown field "servics". (Did you mean "services"?)</failure>
    </testcase>
    <testcase classname="&lt;stdin&gt;" name="Middleware/default/idle" file="&lt;stdin&gt;" line="14">
      <system-out>&lt;stdin&gt;:14: info UnusedMiddleware Middleware/default/idle: No route uses this Middleware.</system-out>
    </testcase>
  </testsuite>
</testsuites>
`);
});

test("a file that does not parse is a test of its own", async () => {
  expect(await printed("a: 1\na: 2\n")).toContain(
    '<testcase classname="&lt;stdin&gt;" name="file" file="&lt;stdin&gt;" line="2">\n      <failure type="InvalidYAML" ',
  );
});

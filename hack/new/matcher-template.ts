import { camelCase, pascalCase } from "../generate/names.ts";

/** The files of a matcher that compares one header, to be rewritten: name in the folder → text. */
export function matcherTemplate(name: string): ReadonlyMap<string, string> {
  return new Map([
    [`${name}.ts`, module(name)],
    [`${name}.test.ts`, test(name)],
  ]);
}

function module(name: string): string {
  return `import { ok } from "../../../kernel/result.ts";
import type { Matcher } from "../../../rules/matcher.ts";

/** Some value of the header \`X-${name}\` is exactly this one. */
export const ${camelCase(name)}: Matcher<string> = {
  name: "${pascalCase(name)}",
  arity: { min: 1, max: 1 },
  parse: ([text]) => ok(text as string),
  test: (facts, value) => facts.headerValues("x-${name}").includes(value),
};
`;
}

function test(name: string): string {
  return `import { expect, test } from "vitest";
import { fulfils } from "../request-sample.ts";

const headers = { "x-${name}": ["blue"] };

test.each([
  ["blue", true],
  ["Blue", false],
  ["red", false],
])("${pascalCase(name)}(\`%s\`) gives %s when the header says blue", (value, expected) => {
  expect(fulfils(\`${pascalCase(name)}(\\\`\${value}\\\`)\`, { headers })).toBe(expected);
});
`;
}

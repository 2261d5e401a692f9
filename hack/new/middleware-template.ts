import { camelCase, pascalCase } from "../generate/names.ts";

/** The files of a middleware that tells the upstream one value, to be rewritten: name in the folder → text. */
export function middlewareTemplate(name: string): ReadonlyMap<string, string> {
  return new Map([
    ["schema.yaml", schema(name)],
    [`${name}.ts`, module(name)],
    [`${name}.test.ts`, test(name)],
  ]);
}

function schema(name: string): string {
  return `title: ${pascalCase(name)}
description: Tells the upstream a value, in the header X-${header(name)}.
type: object
required: [value]
properties:
  value:
    description: The value. Visible ASCII characters and spaces.
    type: string
    minLength: 1
    maxLength: 1024
`;
}

function module(name: string): string {
  return `import { fail, ok } from "../../../kernel/result.ts";
import { headerValueProblem } from "../configured-header.ts";
import { defineMiddleware } from "../contract.ts";

/** Tells the upstream a value, in a header of its own. */
export const ${camelCase(name)} = defineMiddleware({
  kind: "${camelCase(name)}",
  prepare({ value }) {
    const problem = headerValueProblem(value, "value");
    return problem === undefined ? ok({ value }) : fail([problem]);
  },
  create({ value }: { readonly value: string }) {
    return {
      onRequest(exchange) {
        exchange.setRequestHeader("x-${name}", value);
        return undefined;
      },
    };
  },
});
`;
}

function test(name: string): string {
  return `import { expect, test } from "vitest";
import { FakeExchange } from "../fake-exchange.ts";
import { ${camelCase(name)} } from "./${name}.ts";

test("the upstream is told the value, whatever the client said", () => {
  const prepared = ${camelCase(name)}.prepare({ value: "blue" });
  if (!prepared.ok) throw new Error(prepared.error[0]?.message);
  const exchange = new FakeExchange({ headers: [["x-${name}", "red"]] });
  expect(${camelCase(name)}.create(prepared.value).onRequest?.(exchange)).toBeUndefined();
  expect(exchange.requestHeaders).toEqual([["x-${name}", "blue"]]);
});

test("a value that a header cannot carry is refused", () => {
  const prepared = ${camelCase(name)}.prepare({ value: "blue\\nred" });
  expect(prepared.ok ? [] : prepared.error).toMatchObject([{ code: "MiddlewareInvalid", field: "value" }]);
});
`;
}

function header(name: string): string {
  return name.split("-").map(pascalCase).join("-");
}

import fc from "fast-check";
import { expect, test } from "vitest";
import type { LocatedProblem } from "../control/sources/directory/manifest-set.ts";
import { checkGithub } from "./check-github.ts";
import { checkReport } from "./check-report.ts";

const PROBLEM: LocatedProblem = {
  severity: "error",
  code: "ServiceNotFound",
  object: { kind: "IngressRoute", namespace: "shop", name: "web" },
  file: "manifests/shop.yaml",
  line: 12,
  field: "spec.routes[0].services[0]",
  message: 'Service "shop/wbe" does not exist.',
  hint: 'Did you mean "web"?',
};

/** What is printed about one problem, without the total. */
function printed(problem: Partial<LocatedProblem>): string {
  const [line = "", ...rest] = checkGithub(checkReport([{ ...PROBLEM, ...problem }], 1), "<stdin>").split("\n");
  expect(rest.at(-1)).toBe("");
  expect(rest).toHaveLength(2);
  return line;
}

test.each<[what: string, problem: Partial<LocatedProblem>, expected: string]>([
  [
    "an error",
    {},
    '::error file=manifests/shop.yaml,line=12,title=ServiceNotFound IngressRoute/shop/web::spec.routes[0].services[0]: Service "shop/wbe" does not exist. (Did you mean "web"?)',
  ],
  [
    "a warning without a field and a hint",
    { severity: "warning", code: "Conflict", field: "", hint: "", message: "It is shadowed." },
    "::warning file=manifests/shop.yaml,line=12,title=Conflict IngressRoute/shop/web::It is shadowed.",
  ],
  [
    "an information",
    { severity: "info", field: "", hint: "", message: "m" },
    "::notice file=manifests/shop.yaml,line=12,title=ServiceNotFound IngressRoute/shop/web::m",
  ],
  [
    "a problem of a file, with everything that would end a property",
    {
      object: { kind: "", namespace: "", name: "" },
      code: "InvalidYAML",
      file: "a:b,c%\n.yaml",
      field: "",
      hint: "",
      message: "m",
    },
    "::error file=a%3Ab%2Cc%25%0A.yaml,line=12,title=InvalidYAML::m",
  ],
  [
    "a problem of the standard input",
    { file: "<stdin>", field: "", hint: "", message: "m" },
    "::error title=ServiceNotFound IngressRoute/shop/web::m",
  ],
  [
    "a problem that no file has",
    { file: "", line: 0, field: "", hint: "", message: "m" },
    "::error title=ServiceNotFound IngressRoute/shop/web::m",
  ],
])("%s", (_what, problem, expected) => {
  expect(printed(problem)).toBe(expected);
});

test("no text can end its command, or begin another; all of it comes back", () => {
  const text = fc.string({ unit: fc.constantFrom("%", "\r", "\n", ":", ",", "A", "::error::", "é") });
  fc.assert(
    fc.property(text, text, (message, file) => {
      const line = printed({ message, file: `f${file}`, field: "", hint: "" });
      const parts = /^::error file=([^,:\r\n]*),line=12,title=[^,:]*::([^\r\n]*)$/.exec(line);
      expect(parts?.slice(1).map(decodePercent)).toEqual([`f${file}`, message]);
    }),
  );
});

/** As the runner of GitHub Actions undoes the escapes. */
function decodePercent(text: string): string {
  return text
    .replaceAll("%0D", "\r")
    .replaceAll("%0A", "\n")
    .replaceAll("%3A", ":")
    .replaceAll("%2C", ",")
    .replaceAll("%25", "%");
}

import { fail, ok } from "../../../kernel/result.ts";
import type { Matcher } from "../../../rules/matcher.ts";
import { hostProblem } from "../host-argument.ts";

/** `name` is without `*.`; "" for `*`, which matches every request, even one without a host. */
interface HostArg {
  readonly form: "exact" | "wildcard" | "any";
  readonly name: string;
}

/**
 * The request's host is this one. Case and a trailing dot do not matter. `*.example.com` stands for exactly one label more
 * (`a.example.com`, not `example.com` nor `a.b.example.com`), `*` for every request.
 */
export const host: Matcher<HostArg> = {
  name: "Host",
  arity: { min: 1, max: 1 },
  parse: ([text]) => {
    const written = (text as string).toLowerCase();
    if (written === "*") return ok({ form: "any", name: "" });
    const canonical = written.endsWith(".") ? written.slice(0, -1) : written;
    const form = canonical.startsWith("*.") ? "wildcard" : "exact";
    const name = form === "wildcard" ? canonical.slice(2) : canonical;
    const problem = hostProblem(name);
    if (problem !== null) return fail({ argument: 0, code: "InvalidRule", ...problem });
    return ok({ form, name });
  },
  test: (facts, { form, name }) => {
    if (form === "exact") return facts.host === name;
    return form === "any" || hasOneLabelMore(facts.host, name);
  },
  key: ({ form, name }) => (form === "any" ? { on: "host", form } : { on: "host", form, value: name }),
  scope: ({ form, name }) => ({ subject: "host", isSingle: true, form: SCOPE_FORM[form], value: name }),
};

const SCOPE_FORM = { exact: "exact", wildcard: "label", any: "everything" } as const;

/** Whether `value` is one non-empty label, a dot, and `name`. */
function hasOneLabelMore(value: string, name: string): boolean {
  const dot = value.indexOf(".");
  return dot > 0 && value.length === dot + 1 + name.length && value.endsWith(name);
}

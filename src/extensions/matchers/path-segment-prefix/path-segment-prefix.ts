import { ok } from "../../../kernel/result.ts";
import type { Matcher } from "../../../rules/matcher.ts";
import { pathArgument } from "../path-argument.ts";

const SLASH = 0x2f;

/**
 * The request's canonical path begins with these whole segments: `/foo` is fulfilled by `/foo` and `/foo/bar`, not by `/foobar`. A
 * trailing slash in the argument does not matter; `/` is fulfilled by every path. This is `Prefix` of an Ingress (networking.k8s.io/v1).
 */
export const pathSegmentPrefix: Matcher<string> = {
  name: "PathSegmentPrefix",
  arity: { min: 1, max: 1 },
  parse: ([text]) => {
    const path = pathArgument("PathSegmentPrefix", text as string);
    return path.ok && path.value.length > 1 && path.value.endsWith("/") ? ok(path.value.slice(0, -1)) : path;
  },
  test: (facts, prefix) => {
    const { path } = facts;
    if (!path.startsWith(prefix)) return false;
    return path.length === prefix.length || prefix.length === 1 || path.charCodeAt(prefix.length) === SLASH;
  },
  key: (prefix) => ({ on: "path", form: "prefix", value: prefix, loose: prefix.length > 1 }),
  scope: (value) => ({ subject: "path", isSingle: true, form: value.length > 1 ? "segments" : "prefix", value }),
};

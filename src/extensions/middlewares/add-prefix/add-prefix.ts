import { fail, ok } from "../../../kernel/result.ts";
import { configuredPath } from "../configured-path.ts";
import { defineMiddleware } from "../contract.ts";

/** Puts a prefix in front of the path. The prefix is kept canonical and without a slash at its end, so that joining is concatenation. */
export const addPrefix = defineMiddleware({
  kind: "addPrefix",
  prepare({ prefix }) {
    const path = configuredPath(prefix, "prefix");
    return path.ok ? ok({ prefix: path.value.replace(/\/$/, "") }) : fail([path.error]);
  },
  create({ prefix }: { readonly prefix: string }) {
    if (prefix === "") return {};
    return {
      onRequest: (exchange) => (exchange.path === "*" ? undefined : exchange.rewritePath(prefix + exchange.path)),
    };
  },
});

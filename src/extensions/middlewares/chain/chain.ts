import { assert } from "../../../kernel/assert.ts";
import { ok } from "../../../kernel/result.ts";
import { defineMiddleware } from "../contract.ts";

/** Stands for other middlewares, in order. The compiler puts them in its place, so that no chain reaches a proxy. */
export const chain = defineMiddleware({
  kind: "chain",
  prepare: () => ok(null),
  members: ({ middlewares }) =>
    middlewares.map(({ name, namespace }, index) => ({ name, namespace, field: `middlewares[${index}]` })),
  create() {
    assert(false, "a chain is replaced by its members before it reaches a proxy");
    return {};
  },
});

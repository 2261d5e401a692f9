import { expect, test } from "vitest";
import { middlewareKinds, middlewareModules } from "./registry.gen.ts";

test("every module answers to the kind its folder stands for, and every such kind has a schema", () => {
  for (const [kind, module] of middlewareModules) {
    expect(module.kind).toBe(kind);
    expect(middlewareKinds).toContain(kind);
  }
});

test("the kinds of the compatible resources are all known, also those that are not supported yet", () => {
  expect(middlewareKinds).toEqual(expect.arrayContaining(["rateLimit", "forwardAuth", "passTLSClientCert", "plugin"]));
  expect(middlewareModules.has("plugin")).toBe(false);
});

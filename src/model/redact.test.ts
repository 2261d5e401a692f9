import { expect, test } from "vitest";
import type { Certificate } from "./certificate.ts";
import { resourceId } from "./ids.ts";
import type { Middleware } from "./middleware.ts";
import { redactResource } from "./redact.ts";

test("a private key is never shown, the certificate is", () => {
  const origin = { kind: "Secret", namespace: "shop", name: "tls" };
  const id = resourceId("certificate", origin);
  const certificate: Certificate = { id, origin, names: ["shop.test"], chainPem: "CHAIN", keyPem: "KEY" };
  expect(redactResource(certificate)).toEqual({ ...certificate, keyPem: "[redacted]" });
  expect(certificate.keyPem).toBe("KEY");
});

test("options that hold credentials are hidden at any depth, all others are shown", () => {
  const origin = { kind: "Middleware", namespace: "shop", name: "auth" };
  const config = {
    users: ["alice:hash"],
    removeHeader: true,
    request: {
      set: [{ "x-plain": "1" }],
      customRequestHeaders: { Authorization: "Bearer abc", "X-Api-Key": "k", "X-Plain": "1" },
    },
    clientSecret: { nested: "s" },
    password: "",
  };
  const middleware: Middleware = { id: resourceId("middleware", origin), origin, kind: "basicAuth", config };
  expect(redactResource(middleware)).toEqual({
    ...middleware,
    config: {
      users: "[redacted]",
      removeHeader: true,
      request: {
        set: [{ "x-plain": "1" }],
        customRequestHeaders: { Authorization: "[redacted]", "X-Api-Key": "[redacted]", "X-Plain": "1" },
      },
      clientSecret: "[redacted]",
      password: "",
    },
  });
});

test("headers written as pairs or as name and value are hidden by the header's name", () => {
  const origin = { kind: "Middleware", namespace: "shop", name: "headers" };
  const config = {
    set: [
      ["Authorization", "Bearer abc"],
      ["X-Plain", "1"],
    ],
    add: [
      { name: "Cookie", value: "sid=1" },
      { name: "X-Plain", value: "1" },
    ],
  };
  const middleware: Middleware = { id: resourceId("middleware", origin), origin, kind: "headers", config };
  expect((redactResource(middleware) as Middleware).config).toEqual({
    set: [
      ["Authorization", "[redacted]"],
      ["X-Plain", "1"],
    ],
    add: [
      { name: "Cookie", value: "[redacted]" },
      { name: "X-Plain", value: "1" },
    ],
  });
});

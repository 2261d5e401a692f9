import { expect, test } from "vitest";
import { admittedClass, bearerToken, type ProxyIdentity } from "./authentication.ts";

function identity(...classes: string[]): ProxyIdentity {
  return {
    account: "ServiceAccount edge/proxies",
    podName: "proxy-0",
    classes: () => classes,
    recheck: () => Promise.resolve("valid"),
  };
}

function asked(of: ProxyIdentity | null, className: string, proxyId = "proxy-0"): string {
  const admitted = admittedClass(of, { class: className, proxyId });
  return admitted.ok ? `gets ${admitted.value}` : admitted.error;
}

test("a proxy gets a class that its account has, or the only one when it asks for none", () => {
  expect(asked(identity("public", "internal"), "internal")).toBe("gets internal");
  expect(asked(identity("public"), "")).toBe("gets public");
  expect(asked(identity("public"), "public")).toBe("gets public");
});

test("what a proxy says never gets it a class that its account does not have", () => {
  expect(asked(identity("public"), "internal")).toBe(
    'ServiceAccount edge/proxies has the class "public", and asks for "internal"',
  );
  expect(asked(identity(), "public")).toBe("the proxies of no class run as ServiceAccount edge/proxies");
  expect(asked(identity("public", "internal"), "")).toBe(
    'ServiceAccount edge/proxies has several classes, "public", "internal": ask for one',
  );
});

test("a proxy goes by the name of the Pod its token was made for, and no other", () => {
  expect(asked(identity("public"), "public", "proxy-1")).toBe(
    'the proxy calls itself "proxy-1", and its token is that of the Pod "proxy-0"',
  );
});

test("where nobody checks, a proxy gets what it asks for", () => {
  expect(asked(null, "public")).toBe("gets public");
  expect(asked(null, "")).toBe("it names no class");
});

test("a token is read from an Authorization header", () => {
  expect(bearerToken("Bearer a.b-c_d~e+f/g==")).toBe("a.b-c_d~e+f/g==");
  expect(bearerToken("bearer  abc ")).toBe("abc");
  for (const other of [null, "", "Basic abc", "Bearer", "Bearer a b", "Bearer a\tb"])
    expect(bearerToken(other), String(other)).toBe("");
});

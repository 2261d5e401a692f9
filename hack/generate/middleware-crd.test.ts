import { resolve } from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { findMiddlewares } from "./extension-folders.ts";
import { composeMiddlewareCrd } from "./middleware-crd.ts";
import { crdSchema, mapSchema, type Schema } from "./schema.ts";

const ROOT = resolve(import.meta.dirname, "../..");

const spec = crdSchema(composeMiddlewareCrd(ROOT, findMiddlewares(ROOT))).properties?.spec as Schema;

/** The schema as a checker of typing errors sees it: objects hold only the fields they list. */
const closed = mapSchema(spec, (node) =>
  node.properties === undefined || node.additionalProperties !== undefined ? node : { ...node, additionalProperties: false },
);
const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(closed);

function errorsOf(middleware: unknown): string[] {
  validate(middleware);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const ipStrategy = { depth: 1, excludedIPs: ["10.0.0.0/8"], ipv6Subnet: 64 };
const name = {
  country: true,
  province: true,
  locality: true,
  organization: true,
  commonName: true,
  serialNumber: true,
  domainComponent: true,
};
const tls = { caSecret: "ca", certSecret: "client", insecureSkipVerify: true };

/** Each kind with every option that compatible manifests may hold. */
const EVERY_OPTION: Readonly<Record<string, unknown>> = {
  addPrefix: { prefix: "/api" },
  stripPrefix: { prefixes: ["/api"], forceSlash: true },
  stripPrefixRegex: { regex: ["^/v[0-9]+"] },
  replacePath: { path: "/" },
  replacePathRegex: { regex: "^/a/(.*)", replacement: "/b/$1" },
  chain: { middlewares: [{ name: "auth", namespace: "platform" }] },
  ipWhiteList: { sourceRange: ["10.0.0.0/8"], ipStrategy },
  ipAllowList: { sourceRange: ["10.0.0.0/8"], ipStrategy, rejectStatusCode: 404 },
  headers: {
    ...{ customRequestHeaders: { "X-A": "" }, customResponseHeaders: { "X-A": "1" }, accessControlAllowCredentials: true },
    ...{
      accessControlAllowHeaders: ["*"],
      accessControlAllowMethods: ["GET"],
      accessControlAllowOriginList: ["https://a.example"],
    },
    ...{
      accessControlAllowOriginListRegex: [".*"],
      accessControlExposeHeaders: ["X-A"],
      accessControlMaxAge: 100,
      addVaryHeader: true,
    },
    ...{
      allowedHosts: ["a.example"],
      hostsProxyHeaders: ["X-Forwarded-Host"],
      sslProxyHeaders: { "X-Forwarded-Proto": "https" },
    },
    ...{
      stsSeconds: 1,
      stsIncludeSubdomains: true,
      stsPreload: true,
      forceSTSHeader: true,
      frameDeny: true,
      isDevelopment: true,
    },
    ...{ customFrameOptionsValue: "DENY", contentTypeNosniff: true, browserXssFilter: true, customBrowserXSSValue: "0" },
    ...{
      contentSecurityPolicy: "a",
      contentSecurityPolicyReportOnly: "a",
      publicKey: "a",
      referrerPolicy: "a",
      permissionsPolicy: "a",
    },
    ...{ featurePolicy: "a", sslRedirect: true, sslTemporaryRedirect: true, sslHost: "a.example", sslForceHost: true },
  },
  encodedCharacters: {
    ...{ allowEncodedSlash: true, allowEncodedBackSlash: true, allowEncodedNullCharacter: true, allowEncodedSemicolon: true },
    ...{ allowEncodedPercent: true, allowEncodedQuestionMark: true, allowEncodedHash: true },
  },
  errors: {
    ...{ status: ["404", "500-599"], statusRewrites: { "418": 404, "500-503": 500 }, query: "/{status}.html" },
    ...{ service: { name: "pages", port: 80 }, errorRequestHeaders: ["Accept"] },
  },
  rateLimit: {
    ...{ average: 100, period: "1m", burst: 50, sourceCriterion: { ipStrategy } },
    redis: {
      ...{ endpoints: ["redis:6379"], tls, secret: "redis", db: 0, poolSize: 1, minIdleConns: 1, maxActiveConns: 1 },
      ...{ readTimeout: "3s", writeTimeout: 3, dialTimeout: "5s" },
    },
  },
  redirectRegex: { regex: "^http://(.*)", replacement: "https://$1", permanent: true },
  redirectScheme: { scheme: "https", port: "443", permanent: true },
  basicAuth: { secret: "users", realm: "r", removeHeader: true, headerField: "X-User" },
  digestAuth: { secret: "users", realm: "r", removeHeader: true, headerField: "X-User" },
  forwardAuth: {
    ...{ address: "https://auth.example", tls: { ...tls, caOptional: true }, trustForwardHeader: true, headerField: "X-User" },
    ...{ authResponseHeaders: ["X-User"], authResponseHeadersRegex: "^X-", authRequestHeaders: ["Cookie"] },
    ...{ addAuthCookiesToResponse: ["session"], forwardBody: true, maxBodySize: -1, maxResponseBodySize: 1024 },
    ...{ preserveLocationHeader: true, preserveRequestMethod: true, authSigninURL: "https://login.example" },
  },
  inFlightReq: { amount: 10, sourceCriterion: { requestHost: true } },
  buffering: {
    ...{ maxRequestBodyBytes: 1, memRequestBodyBytes: 1, maxResponseBodyBytes: 1, memResponseBodyBytes: 1 },
    retryExpression: "IsNetworkError() && Attempts() < 2",
  },
  circuitBreaker: {
    ...{ expression: "NetworkErrorRatio() > 0.30", checkPeriod: "100ms", fallbackDuration: "10s", recoveryDuration: 10 },
    responseCode: 503,
  },
  compress: {
    encodings: ["zstd", "br", "gzip"],
    defaultEncoding: "gzip",
    minResponseBodyBytes: 1,
    excludedContentTypes: ["a/b"],
  },
  passTLSClientCert: {
    pem: true,
    info: {
      ...{ notAfter: true, notBefore: true, sans: true, serialNumber: true },
      ...{ subject: { ...name, organizationalUnit: true }, issuer: name },
    },
  },
  retry: {
    ...{ attempts: 4, initialInterval: "100ms", timeout: "2s", maxRequestBodyBytes: -1, status: ["503"] },
    ...{ disableRetryOnNetworkError: true, retryNonIdempotentMethod: true },
  },
  contentType: { autoDetect: true },
  grpcWeb: { allowOrigins: ["*"] },
  plugin: { geoblock: { countries: ["A"], deep: { list: [1, "b", { c: null }] } } },
};

test.each(Object.entries(EVERY_OPTION))("%s accepts each of its options", (kind, options) => {
  expect(errorsOf({ [kind]: options })).toEqual([]);
});

test("there is no kind and no option of the first level beside those", () => {
  expect(Object.keys(spec.properties ?? {})).toEqual(Object.keys(EVERY_OPTION).sort());
  for (const [kind, options] of Object.entries(EVERY_OPTION)) {
    const beside = kind === "compress" ? ["includedContentTypes"] : [];
    if (kind === "plugin") continue;
    expect(Object.keys(spec.properties?.[kind]?.properties ?? {}).sort()).toEqual(
      [...Object.keys(options as object), ...beside].sort(),
    );
  }
});

test.each([
  [{}, " must NOT have fewer than 1 properties"],
  [{ addPrefix: { prefix: "/a" }, grpcWeb: {} }, " must NOT have more than 1 properties"],
  [{ addPrefix: { prefix: "api" } }, '/addPrefix/prefix must match pattern "^/"'],
  [{ addPrefix: { prefixes: ["/a"] } }, "/addPrefix must have required property 'prefix'"],
  [
    { rateLimit: { sourceCriterion: { requestHost: true, requestHeaderName: "X-A" } } },
    "/rateLimit/sourceCriterion must NOT have more than 1 properties",
  ],
  [
    { errors: { status: ["404,500"], service: { name: "a", port: 1 } } },
    '/errors/status/0 must match pattern "^[1-5][0-9]{2}(-[1-5][0-9]{2})?$"',
  ],
  [{ plugin: { a: {}, b: {} } }, "/plugin must NOT have more than 1 properties"],
])("%j is refused", (middleware, error) => {
  expect(errorsOf(middleware)).toContain(error);
});

test.each([
  ["1s", true],
  ["1m30s", true],
  ["1.5h", true],
  ["500µs", true],
  ["10", true],
  [10, true],
  [-1, false],
  ["", false],
  ["1 s", false],
  ["s", false],
  ["-1s", false],
])("%j as a duration: %s", (period, isGood) => {
  expect(errorsOf({ rateLimit: { period } }).length === 0).toBe(isGood);
});

/** An object that the API server must refuse, and all that it must say. */
export interface Violation {
  /** What is wrong, as a clause: "a Service without a port". */
  readonly name: string;
  readonly kind: string;
  readonly spec: unknown;
  /** `field: reason` of each error. */
  readonly errors: readonly string[];
}

const SERVICE = { name: "web", port: 80 };
const CERTIFICATE = { secretName: "tls" };

const route = (fields: object): unknown => ({ routes: [{ match: "Host(`a.test`)", services: [SERVICE], ...fields }] });
const routeTo = (...services: readonly object[]): unknown => route({ services });
const tcpRouteTo = (...services: readonly object[]): unknown => ({ routes: [{ match: "HostSNI(`*`)", services }] });
const udpRouteTo = (...services: readonly object[]): unknown => ({ routes: [{ services }] });
const weighted = (...services: readonly object[]): unknown => ({ weighted: { services } });
const errorPage = (service: object): unknown => ({ errors: { status: ["404"], service } });
const entryPoint = (fields: object): unknown => ({ entryPoints: [{ name: "web", address: ":80", ...fields }] });

/** One object at least for every CEL rule in crds/ (a test holds that), and for the other forms of bounds. */
export const VIOLATIONS: readonly Violation[] = [
  // --- IngressRoute ---
  {
    name: "a child with entry points",
    kind: "IngressRoute",
    spec: { routes: [{ match: "Path(`/`)" }], parentRefs: [{ name: "parent" }], entryPoints: ["web"] },
    errors: ["spec: Invalid value: an IngressRoute with parentRefs is served where its parents are: remove entryPoints and tls"],
  },
  {
    name: "a child's route with observability",
    kind: "IngressRoute",
    spec: { routes: [{ match: "Path(`/`)", observability: { metrics: false } }], parentRefs: [{ name: "parent" }] },
    errors: [
      "spec: Invalid value: a route of an IngressRoute with parentRefs is recorded as its parents say: remove observability",
    ],
  },
  {
    name: "a route whose services all have weight 0",
    kind: "IngressRoute",
    spec: routeTo({ ...SERVICE, weight: 0 }, { name: "next", port: 80, weight: 0 }),
    errors: [
      "spec.routes[0].services: Invalid value: every weight is 0, so no service would get traffic: give one of them a weight of 1 or more",
    ],
  },
  {
    name: "a Service without a port",
    kind: "IngressRoute",
    spec: routeTo({ name: "web" }),
    errors: [
      "spec.routes[0].services[0].port: Required value: port is required for a Service: write the number or the name of one of its ports",
    ],
  },
  {
    name: "a FairwayService with options of a Service",
    kind: "IngressRoute",
    spec: routeTo({ name: "web", kind: "FairwayService", scheme: "h2c" }),
    errors: [
      "spec.routes[0].services[0]: Invalid value: a FairwayService says itself how its servers are reached: keep only name, namespace, kind, weight and middlewares here",
    ],
  },
  {
    name: "nativeLB together with nodePortLB",
    kind: "IngressRoute",
    spec: routeTo({ ...SERVICE, nativeLB: true, nodePortLB: true }),
    errors: ["spec.routes[0].services[0]: Invalid value: nativeLB and nodePortLB exclude each other: keep one"],
  },
  {
    name: "strategy hrw with a cookie",
    kind: "IngressRoute",
    spec: routeTo({ ...SERVICE, strategy: "hrw", sticky: { cookie: {} } }),
    errors: [
      "spec.routes[0].services[0].sticky: Invalid value: strategy hrw keeps a client with its server by itself: remove sticky",
    ],
  },
  {
    name: "a cookie with sameSite none that is not secure",
    kind: "IngressRoute",
    spec: routeTo({ ...SERVICE, sticky: { cookie: { sameSite: "none" } } }),
    errors: [
      "spec.routes[0].services[0].sticky.cookie.secure: Invalid value: browsers drop a cookie with sameSite none that is not secure: set secure to true",
    ],
  },
  {
    name: "a gRPC health check with a path",
    kind: "IngressRoute",
    spec: routeTo({ ...SERVICE, healthCheck: { mode: "grpc", path: "/healthz" } }),
    errors: [
      "spec.routes[0].services[0].healthCheck: Invalid value: a gRPC health check has a call of its own: remove path, method and status, or set mode to http",
    ],
  },
  {
    name: "a route without a rule",
    kind: "IngressRoute",
    spec: { routes: [{ services: [SERVICE] }] },
    errors: ["spec.routes[0].match: Required value"],
  },
  {
    name: "no route at all",
    kind: "IngressRoute",
    spec: { routes: [] },
    errors: ["spec.routes: Invalid value: 0: spec.routes in body should have at least 1 items"],
  },
  {
    name: "a priority that JavaScript cannot count",
    kind: "IngressRoute",
    spec: route({ priority: 9007199254740992 }),
    errors: [
      "spec.routes[0].priority: Invalid value: 9007199254740992: spec.routes[0].priority in body should be less than or equal to 9007199254740991",
    ],
  },
  {
    name: "a kind of service that does not exist",
    kind: "IngressRoute",
    spec: routeTo({ name: "web", kind: "TraefikService" }),
    errors: [
      'spec.routes[0].services[0].kind: Unsupported value: "TraefikService": supported values: "Service", "FairwayService"',
    ],
  },
  {
    name: "a port of 0",
    kind: "IngressRoute",
    spec: routeTo({ name: "web", port: 0 }),
    errors: [
      "spec.routes[0].services[0].port: Invalid value: 0: spec.routes[0].services[0].port in body should be greater than or equal to 1",
    ],
  },
  {
    name: "a port above 65535",
    kind: "IngressRoute",
    spec: routeTo({ name: "web", port: 65_536 }),
    errors: [
      "spec.routes[0].services[0].port: Invalid value: 65536: spec.routes[0].services[0].port in body should be less than or equal to 65535",
    ],
  },
  {
    name: "a port that is neither number nor name",
    kind: "IngressRoute",
    spec: routeTo({ name: "web", port: "http/2" }),
    errors: [
      "spec.routes[0].services[0].port: Invalid value: \"http/2\": spec.routes[0].services[0].port in body should match '^[a-z0-9A-Z]([-a-z0-9A-Z]*[a-z0-9A-Z])?$'",
    ],
  },
  {
    name: "a time without meaning",
    kind: "IngressRoute",
    spec: routeTo({ ...SERVICE, healthCheck: { interval: "soon" } }),
    errors: [
      "spec.routes[0].services[0].healthCheck.interval: Invalid value: \"soon\": spec.routes[0].services[0].healthCheck.interval in body should match '^([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h)?)+$'",
    ],
  },
  {
    name: "a negative time",
    kind: "IngressRoute",
    spec: routeTo({ ...SERVICE, healthCheck: { interval: -1 } }),
    errors: [
      "spec.routes[0].services[0].healthCheck.interval: Invalid value: -1: spec.routes[0].services[0].healthCheck.interval in body should be greater than or equal to 0",
    ],
  },
  {
    name: "a health check of another server",
    kind: "IngressRoute",
    spec: routeTo({ ...SERVICE, healthCheck: { path: "http://other.test/" } }),
    errors: [
      "spec.routes[0].services[0].healthCheck.path: Invalid value: \"http://other.test/\": spec.routes[0].services[0].healthCheck.path in body should match '^/[!-~]*$'",
    ],
  },
  {
    name: "a negative weight",
    kind: "IngressRoute",
    spec: routeTo({ ...SERVICE, weight: -1 }),
    errors: [
      "spec.routes[0].services[0].weight: Invalid value: -1: spec.routes[0].services[0].weight in body should be greater than or equal to 0",
      "spec.routes[0].services: Invalid value: every weight is 0, so no service would get traffic: give one of them a weight of 1 or more",
    ],
  },
  // --- IngressRouteTCP, IngressRouteUDP ---
  {
    name: "a TCP route whose services all have weight 0",
    kind: "IngressRouteTCP",
    spec: tcpRouteTo({ ...SERVICE, weight: 0 }),
    errors: [
      "spec.routes[0].services: Invalid value: every weight is 0, so no service would get traffic: give one of them a weight of 1 or more",
    ],
  },
  {
    name: "nativeLB together with nodePortLB",
    kind: "IngressRouteTCP",
    spec: tcpRouteTo({ ...SERVICE, nativeLB: true, nodePortLB: true }),
    errors: ["spec.routes[0].services[0]: Invalid value: nativeLB and nodePortLB exclude each other: keep one"],
  },
  {
    name: "a serversTransport with deprecated options",
    kind: "IngressRouteTCP",
    spec: tcpRouteTo({ ...SERVICE, serversTransport: "own", terminationDelay: 5 }),
    errors: [
      "spec.routes[0].services[0]: Invalid value: with a serversTransport, terminationDelay and proxyProtocol belong there: set them in the ServersTransportTCP",
    ],
  },
  {
    name: "a UDP route whose services all have weight 0",
    kind: "IngressRouteUDP",
    spec: udpRouteTo({ ...SERVICE, weight: 0 }),
    errors: [
      "spec.routes[0].services: Invalid value: every weight is 0, so no service would get traffic: give one of them a weight of 1 or more",
    ],
  },
  {
    name: "nativeLB together with nodePortLB",
    kind: "IngressRouteUDP",
    spec: udpRouteTo({ ...SERVICE, nativeLB: true, nodePortLB: true }),
    errors: ["spec.routes[0].services[0]: Invalid value: nativeLB and nodePortLB exclude each other: keep one"],
  },
  // --- Middleware, MiddlewareTCP ---
  {
    name: "two kinds in one Middleware",
    kind: "Middleware",
    spec: { addPrefix: { prefix: "/a" }, stripPrefix: { prefixes: ["/b"] } },
    errors: ["spec: Too many: 2: must have at most 1 item"],
  },
  {
    name: "no kind in a Middleware",
    kind: "Middleware",
    spec: {},
    errors: ["spec: Invalid value: 0: spec in body should have at least 1 properties"],
  },
  {
    name: "a compress with both lists of content types",
    kind: "Middleware",
    spec: { compress: { includedContentTypes: ["text/html"], excludedContentTypes: ["text/css"] } },
    errors: ["spec.compress: Invalid value: includedContentTypes and excludedContentTypes exclude each other"],
  },
  {
    name: "an error page without a port",
    kind: "Middleware",
    spec: errorPage({ name: "web" }),
    errors: [
      "spec.errors.service.port: Required value: port is required for a Service: write the number or the name of one of its ports",
    ],
  },
  {
    name: "an error page's FairwayService with options of a Service",
    kind: "Middleware",
    spec: errorPage({ ...SERVICE, kind: "FairwayService" }),
    errors: [
      "spec.errors.service: Invalid value: a FairwayService says itself how its servers are reached: keep only name, namespace, kind, weight and middlewares here",
    ],
  },
  {
    name: "an error page with nativeLB and nodePortLB",
    kind: "Middleware",
    spec: errorPage({ ...SERVICE, nativeLB: true, nodePortLB: true }),
    errors: ["spec.errors.service: Invalid value: nativeLB and nodePortLB exclude each other: keep one"],
  },
  {
    name: "an error page with strategy hrw and a cookie",
    kind: "Middleware",
    spec: errorPage({ ...SERVICE, strategy: "hrw", sticky: { cookie: {} } }),
    errors: ["spec.errors.service.sticky: Invalid value: strategy hrw keeps a client with its server by itself: remove sticky"],
  },
  {
    name: "an error page with an insecure sameSite none cookie",
    kind: "Middleware",
    spec: errorPage({ ...SERVICE, sticky: { cookie: { sameSite: "none", secure: false } } }),
    errors: [
      "spec.errors.service.sticky.cookie.secure: Invalid value: browsers drop a cookie with sameSite none that is not secure: set secure to true",
    ],
  },
  {
    name: "an error page with a gRPC health check and a status",
    kind: "Middleware",
    spec: errorPage({ ...SERVICE, healthCheck: { mode: "grpc", status: 200 } }),
    errors: [
      "spec.errors.service.healthCheck: Invalid value: a gRPC health check has a call of its own: remove path, method and status, or set mode to http",
    ],
  },
  {
    name: "two kinds in one MiddlewareTCP",
    kind: "MiddlewareTCP",
    spec: { inFlightConn: { amount: 1 }, ipAllowList: { sourceRange: ["10.0.0.0/8"] } },
    errors: [
      "spec: Invalid value: set exactly one of inFlightConn, ipAllowList and ipWhiteList: write a MiddlewareTCP of its own for each",
    ],
  },
  {
    name: "a range of addresses that is none",
    kind: "MiddlewareTCP",
    spec: { ipAllowList: { sourceRange: ["office"] } },
    errors: [
      "spec.ipAllowList.sourceRange[0]: Invalid value: \"office\": spec.ipAllowList.sourceRange[0] in body should match '^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$'",
    ],
  },
  // --- FairwayService ---
  {
    name: "two kinds in one FairwayService",
    kind: "FairwayService",
    spec: { weighted: { services: [SERVICE] }, highestRandomWeight: { services: [SERVICE] } },
    errors: [
      "spec: Invalid value: set exactly one of weighted, mirroring, highestRandomWeight and failover: write a FairwayService of its own for each",
    ],
  },
  {
    name: "no kind in a FairwayService",
    kind: "FairwayService",
    spec: {},
    errors: [
      "spec: Invalid value: set exactly one of weighted, mirroring, highestRandomWeight and failover: write a FairwayService of its own for each",
    ],
  },
  {
    name: "services that all have weight 0",
    kind: "FairwayService",
    spec: weighted({ ...SERVICE, weight: 0 }),
    errors: [
      "spec.weighted.services: Invalid value: every weight is 0, so no service would get traffic: give one of them a weight of 1 or more",
    ],
  },
  {
    name: "a Service without a port",
    kind: "FairwayService",
    spec: weighted({ name: "web" }),
    errors: [
      "spec.weighted.services[0].port: Required value: port is required for a Service: write the number or the name of one of its ports",
    ],
  },
  {
    name: "a FairwayService with options of a Service",
    kind: "FairwayService",
    spec: { failover: { service: { ...SERVICE, kind: "FairwayService" }, fallback: SERVICE } },
    errors: [
      "spec.failover.service: Invalid value: a FairwayService says itself how its servers are reached: keep only name, namespace, kind, weight and middlewares here",
    ],
  },
  {
    name: "nativeLB together with nodePortLB",
    kind: "FairwayService",
    spec: { mirroring: { ...SERVICE, nativeLB: true, nodePortLB: true } },
    errors: ["spec.mirroring: Invalid value: nativeLB and nodePortLB exclude each other: keep one"],
  },
  {
    name: "a mirror with strategy hrw and a cookie",
    kind: "FairwayService",
    spec: { mirroring: { ...SERVICE, mirrors: [{ name: "copy", port: 80, strategy: "hrw", sticky: { cookie: {} } }] } },
    errors: [
      "spec.mirroring.mirrors[0].sticky: Invalid value: strategy hrw keeps a client with its server by itself: remove sticky",
    ],
  },
  {
    name: "a cookie with sameSite none that is not secure",
    kind: "FairwayService",
    spec: { weighted: { services: [SERVICE], sticky: { cookie: { sameSite: "none" } } } },
    errors: [
      "spec.weighted.sticky.cookie.secure: Invalid value: browsers drop a cookie with sameSite none that is not secure: set secure to true",
    ],
  },
  {
    name: "a gRPC health check with a method",
    kind: "FairwayService",
    spec: { highestRandomWeight: { services: [{ ...SERVICE, healthCheck: { mode: "grpc", method: "GET" } }] } },
    errors: [
      "spec.highestRandomWeight.services[0].healthCheck: Invalid value: a gRPC health check has a call of its own: remove path, method and status, or set mode to http",
    ],
  },
  {
    name: "more than all requests for a mirror",
    kind: "FairwayService",
    spec: { mirroring: { ...SERVICE, mirrors: [{ ...SERVICE, percent: 101 }] } },
    errors: [
      "spec.mirroring.mirrors[0].percent: Invalid value: 101: spec.mirroring.mirrors[0].percent in body should be less than or equal to 100",
    ],
  },
  {
    name: "a status range with a comma",
    kind: "FairwayService",
    spec: { failover: { service: SERVICE, fallback: SERVICE, errors: { status: ["502,503"] } } },
    errors: [
      "spec.failover.errors.status[0]: Invalid value: \"502,503\": spec.failover.errors.status[0] in body should match '^[1-5][0-9]{2}(-[1-5][0-9]{2})?$'",
    ],
  },
  // --- ServersTransport, ServersTransportTCP ---
  {
    name: "versions that leave none",
    kind: "ServersTransport",
    spec: { minVersion: "VersionTLS13", maxVersion: "VersionTLS12" },
    errors: [
      "spec.minVersion: Invalid value: minVersion is above maxVersion, so no version is left: lower minVersion or raise maxVersion",
    ],
  },
  {
    name: "no cipher suite for TLS 1.3",
    kind: "ServersTransport",
    spec: { minVersion: "VersionTLS13", cipherSuites: ["TLS_RSA_WITH_AES_128_CBC_SHA"] },
    errors: [
      "spec.cipherSuites: Invalid value: none of cipherSuites is one of TLS 1.3: add one, remove cipherSuites or lower minVersion",
    ],
  },
  {
    name: "checks that are switched off and on",
    kind: "ServersTransport",
    spec: { insecureSkipVerify: true, rootCAs: [{ secret: "ca" }] },
    errors: [
      "spec.insecureSkipVerify: Invalid value: insecureSkipVerify switches every check off: remove it, or remove rootCAs, rootCAsSecrets, peerCertURI, peerCertSANs and spiffe",
    ],
  },
  {
    name: "peerCertURI together with peerCertSANs",
    kind: "ServersTransport",
    spec: { peerCertURI: "spiffe://a.test/x", peerCertSANs: [{ type: "URI", value: "spiffe://a.test/x" }] },
    errors: ["spec.peerCertURI: Invalid value: peerCertURI is the old form: add it to peerCertSANs with type URI, and remove it"],
  },
  {
    name: "spiffe with certificates",
    kind: "ServersTransport",
    spec: { spiffe: { trustDomain: "a.test" }, certificatesSecrets: ["tls"] },
    errors: [
      "spec.spiffe: Invalid value: spiffe brings certificates and checks of its own: remove rootCAs, rootCAsSecrets and certificatesSecrets",
    ],
  },
  {
    name: "an authority from two places",
    kind: "ServersTransport",
    spec: { rootCAs: [{ secret: "ca", configMap: "ca" }] },
    errors: ["spec.rootCAs[0]: Invalid value: name either a secret or a configMap: write two entries for two sources"],
  },
  {
    name: "an authority from nowhere",
    kind: "ServersTransport",
    spec: { rootCAs: [{}] },
    errors: ["spec.rootCAs[0]: Invalid value: name either a secret or a configMap: write two entries for two sources"],
  },
  {
    name: "checks that are switched off and on",
    kind: "ServersTransportTCP",
    spec: { tls: { insecureSkipVerify: true, spiffe: {} } },
    errors: [
      "spec.tls.insecureSkipVerify: Invalid value: insecureSkipVerify switches every check off: remove it, or remove rootCAs, rootCAsSecrets, peerCertURI, peerCertSANs and spiffe",
    ],
  },
  {
    name: "peerCertURI together with peerCertSANs",
    kind: "ServersTransportTCP",
    spec: { tls: { peerCertURI: "spiffe://a.test/x", peerCertSANs: [] } },
    errors: [
      "spec.tls.peerCertURI: Invalid value: peerCertURI is the old form: add it to peerCertSANs with type URI, and remove it",
    ],
  },
  {
    name: "spiffe with authorities",
    kind: "ServersTransportTCP",
    spec: { tls: { spiffe: {}, rootCAs: [{ secret: "ca" }] } },
    errors: [
      "spec.tls.spiffe: Invalid value: spiffe brings certificates and checks of its own: remove rootCAs, rootCAsSecrets and certificatesSecrets",
    ],
  },
  {
    name: "an authority from two places",
    kind: "ServersTransportTCP",
    spec: { tls: { rootCAs: [{ secret: "ca", configMap: "ca" }] } },
    errors: ["spec.tls.rootCAs[0]: Invalid value: name either a secret or a configMap: write two entries for two sources"],
  },
  {
    name: "a version of the PROXY protocol that does not exist",
    kind: "ServersTransportTCP",
    spec: { proxyProtocol: { version: 3 } },
    errors: [
      "spec.proxyProtocol.version: Invalid value: 3: spec.proxyProtocol.version in body should be less than or equal to 2",
    ],
  },
  // --- TLSOption, TLSStore ---
  {
    name: "versions that leave none",
    kind: "TLSOption",
    spec: { minVersion: "VersionTLS12", maxVersion: "VersionTLS11" },
    errors: [
      "spec.minVersion: Invalid value: minVersion is above maxVersion, so no version is left: lower minVersion or raise maxVersion",
    ],
  },
  {
    name: "no cipher suite for TLS 1.3",
    kind: "TLSOption",
    spec: { minVersion: "VersionTLS13", cipherSuites: ["TLS_RSA_WITH_AES_128_CBC_SHA"] },
    errors: [
      "spec.cipherSuites: Invalid value: none of cipherSuites is one of TLS 1.3: add one, remove cipherSuites or lower minVersion",
    ],
  },
  {
    name: "client certificates that nothing is checked against",
    kind: "TLSOption",
    spec: { clientAuth: { clientAuthType: "RequireAndVerifyClientCert", secretNames: [] } },
    errors: [
      "spec.clientAuth.secretNames: Invalid value: client certificates are checked against authorities: name a Secret with their certificates in secretNames",
    ],
  },
  {
    name: "a TLS version that does not exist",
    kind: "TLSOption",
    spec: { minVersion: "TLS1.2" },
    errors: [
      'spec.minVersion: Unsupported value: "TLS1.2": supported values: "VersionTLS10", "VersionTLS11", "VersionTLS12", "VersionTLS13"',
    ],
  },
  {
    name: "two default certificates",
    kind: "TLSStore",
    spec: { defaultCertificate: CERTIFICATE, defaultGeneratedCert: { resolver: "acme", domain: { main: "a.test" } } },
    errors: ["spec: Invalid value: there is one default certificate: keep defaultCertificate or defaultGeneratedCert"],
  },
  // --- FairwayClass ---
  {
    name: "two entry points at one address",
    kind: "FairwayClass",
    spec: {
      entryPoints: [
        { name: "a", address: ":80" },
        { name: "b", address: ":80", protocol: "TCP" },
      ],
    },
    errors: ["spec.entryPoints: Invalid value: two entry points have the same address and protocol: give each a port of its own"],
  },
  {
    name: "two entry points of one name",
    kind: "FairwayClass",
    spec: {
      entryPoints: [
        { name: "a", address: ":80" },
        { name: "a", address: ":81" },
      ],
    },
    errors: ['spec.entryPoints[1]: Duplicate value: {"name":"a"}'],
  },
  {
    name: "a redirect to an entry point that is not there",
    kind: "FairwayClass",
    spec: entryPoint({ redirect: { to: "websecure" } }),
    errors: [
      "spec.entryPoints: Invalid value: redirect.to names an entry point that is not in the list: add it or name another one",
    ],
  },
  {
    name: "a redirect to itself",
    kind: "FairwayClass",
    spec: entryPoint({ redirect: { to: "web" } }),
    errors: ["spec.entryPoints[0].redirect.to: Invalid value: an entry point cannot redirect to itself: name another one"],
  },
  {
    name: "TLS on UDP",
    kind: "FairwayClass",
    spec: entryPoint({ protocol: "UDP", tls: {} }),
    errors: [
      "spec.entryPoints[0]: Invalid value: a UDP entry point has no TLS and no HTTP: remove tls, forwardedHeaders, proxyProtocol, path, headers, http2, middlewares and redirect",
    ],
  },
  {
    name: "trusted addresses beside trust in everybody",
    kind: "FairwayClass",
    spec: entryPoint({ forwardedHeaders: { insecure: true, trustedIPs: ["10.0.0.0/8"] } }),
    errors: [
      "spec.entryPoints[0].forwardedHeaders.insecure: Invalid value: insecure believes everybody, so trustedIPs has no meaning: keep one of them",
    ],
  },
  {
    name: "an address without a port",
    kind: "FairwayClass",
    spec: entryPoint({ address: "0.0.0.0" }),
    errors: [
      "spec.entryPoints[0].address: Invalid value: \"0.0.0.0\": spec.entryPoints[0].address in body should match '^(\\[[0-9A-Fa-f:.]+\\]|[0-9]{1,3}(\\.[0-9]{1,3}){3})?:[0-9]{1,5}$'",
    ],
  },
  {
    name: "addresses from two places",
    kind: "FairwayClass",
    spec: { publish: { service: { name: "proxy", namespace: "system" }, addresses: ["192.0.2.1"] } },
    errors: ["spec.publish: Invalid value: addresses come from one place: keep service or addresses"],
  },
  {
    name: "a time without a unit",
    kind: "FairwayClass",
    spec: { drain: { delay: "15" } },
    errors: [
      "spec.drain.delay: Invalid value: \"15\": spec.drain.delay in body should match '^([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$'",
    ],
  },
];

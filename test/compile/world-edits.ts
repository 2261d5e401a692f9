import fc from "fast-check";
import type { ObjectStore } from "../../src/control/store/object-store.ts";
import type { StoredObject } from "../../src/control/store/stored-object.ts";
import { makeSelfSigned } from "../../src/kernel/self-signed.ts";
import type { ObjectRef } from "../../src/model/object-ref.ts";

/** One change to a world of few names, so that references meet and miss each other often. For property tests. */
export type Edit = { readonly put: StoredObject } | { readonly remove: ObjectRef };

/** Makes an object as the store holds it. */
export function storedObject(
  kind: string,
  namespace: string,
  name: string,
  body: Readonly<Record<string, unknown>>,
  meta: Partial<Pick<StoredObject, "labels" | "annotations" | "createdAtMs" | "deleting">> = {},
): StoredObject {
  const ref = { kind, namespace, name };
  return { ref, apiVersion: "v1", generation: 1, createdAtMs: null, deleting: false, labels: {}, annotations: {}, body, ...meta };
}

/** Applies edits to a store. */
export function applyEdits(store: ObjectStore, edits: readonly Edit[]): void {
  for (const edit of edits) {
    if ("put" in edit) store.apply(edit.put);
    else store.remove(edit.remove);
  }
}

const namespaces = fc.constantFrom("one", "two");
const letters = fc.constantFrom("a", "b", "c");
const maybeNamespace = fc.constantFrom(undefined, undefined, "one", "two");
const classNames = fc.constantFrom(undefined, "red", "blue", "other");
const times = fc.constantFrom(null, 1_000, 2_000);
const matches = fc.constantFrom(
  "Host(`a.com`)",
  "Host(`A.com`)",
  "Host(`b.com`) && PathPrefix(`/x`)",
  "PathPrefix(`/x`) && Host(`b.com`)",
  "Method(`GET`)",
  "Host(",
  "PathRegexp(`(`)",
);

const middlewareUse = fc.record({ name: letters, namespace: maybeNamespace });
const serviceUse = fc.record({
  name: letters,
  namespace: maybeNamespace,
  port: fc.constantFrom(80, "http", 443, 81),
  weight: fc.constantFrom(undefined, 1, 3),
  passHostHeader: fc.constantFrom(undefined, false),
  sticky: fc.constantFrom(undefined, undefined, undefined, { cookie: {} }),
  serversTransport: fc.constantFrom(undefined, undefined, undefined, "a"),
});

const ingressRoutes = fc
  .record({
    namespace: namespaces,
    name: letters,
    ingressClassName: classNames,
    entryPoints: fc.constantFrom(undefined, ["web"], ["websecure"], ["nowhere"]),
    tls: fc.constantFrom(undefined, undefined, {}, { secretName: "a" }, { options: { name: "a" } }, { options: { name: "b" } }),
    parentRefs: fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, fc.array(middlewareUse, { maxLength: 2 })),
    routes: fc.array(
      fc.record({
        match: matches,
        priority: fc.constantFrom(undefined, 5),
        middlewares: fc.array(middlewareUse, { maxLength: 2 }),
        services: fc.array(serviceUse, { maxLength: 2 }),
      }),
      { maxLength: 3 },
    ),
    createdAtMs: times,
    deleting: fc.boolean(),
  })
  .map(({ namespace, name, createdAtMs, deleting, entryPoints, tls, ...spec }) => {
    // Mostly what the schema accepts: what has parents names neither entry points nor tls.
    const served = spec.parentRefs === undefined || deleting ? { entryPoints, tls } : {};
    return storedObject("IngressRoute", namespace, name, { spec: { ...spec, ...served } }, { createdAtMs, deleting });
  });

const backends = fc.record({ service: fc.record({ name: letters, port: fc.constantFrom({ number: 80 }, { name: "http" }) }) });
const ingresses = fc
  .record({
    namespace: namespaces,
    name: letters,
    ingressClassName: classNames,
    annotation: classNames,
    host: fc.constantFrom(undefined, "a.com", "*.a.com"),
    path: fc.constantFrom("/", "/x"),
    backend: backends,
    defaultBackend: fc.option(backends, { nil: undefined }),
  })
  .map(({ namespace, name, ingressClassName, annotation, host, path, backend, defaultBackend }) => {
    const rules = [{ host, http: { paths: [{ path, pathType: "Prefix", backend }] } }];
    const annotations: Record<string, string> = annotation === undefined ? {} : { "kubernetes.io/ingress.class": annotation };
    const spec = { ingressClassName, rules, defaultBackend, tls: [{ secretName: "b" }] };
    return storedObject("Ingress", namespace, name, { spec }, { annotations });
  });

const middlewareSpecs = fc.oneof(
  fc.constantFrom({ stripPrefix: { prefixes: ["/x"] } }, { addPrefix: { prefix: "/y" } }, { basicAuth: { secret: "a" } }, {}),
  fc.array(middlewareUse, { minLength: 1, maxLength: 2 }).map((middlewares) => ({ chain: { middlewares } })),
);
const middlewares = fc
  .tuple(namespaces, letters, middlewareSpecs)
  .map(([namespace, name, spec]) => storedObject("Middleware", namespace, name, { spec }));

const services = fc
  .tuple(
    namespaces,
    letters,
    fc.constantFrom<unknown>([{ name: "http", port: 80 }], [{ port: 80 }], [{ name: "https", port: 443 }]),
  )
  .map(([namespace, name, ports]) => storedObject("Service", namespace, name, { spec: { ports } }));

const externalServices = fc
  .tuple(namespaces, letters)
  .map(([namespace, name]) =>
    storedObject("Service", namespace, name, { spec: { type: "ExternalName", externalName: "x.org" } }),
  );

const slices = fc
  .record({
    namespace: namespaces,
    name: letters,
    service: letters,
    portName: fc.constantFrom("http", ""),
    address: fc.constantFrom("10.0.0.1", "10.0.0.2", "127.0.0.1"),
    ready: fc.boolean(),
  })
  .map(({ namespace, name, service, portName, address, ready }) => {
    const body = { ports: [{ name: portName, port: 8080 }], endpoints: [{ addresses: [address], conditions: { ready } }] };
    return storedObject("EndpointSlice", namespace, name, body, { labels: { "kubernetes.io/service-name": service } });
  });

const grants = fc
  .tuple(namespaces, letters, fc.constantFrom("Service", "Middleware", "IngressRoute"))
  .map(([namespace, name, kind]) => {
    const from = [{ group: "fairway.dev", kind: "IngressRoute", namespace: namespace === "one" ? "two" : "one" }];
    return storedObject("ReferenceGrant", namespace, name, {
      spec: { from, to: [{ group: kind === "Service" ? "" : "fairway.dev", kind }] },
    });
  });

const ingressClasses = fc
  .record({
    name: fc.constantFrom("red", "blue"),
    controller: fc.constantFrom("fairway.dev/ingress-controller", "fairway.dev/ingress-controller", "other.io/one"),
    isDefault: fc.boolean(),
    parameters: fc.constantFrom(
      undefined,
      { apiGroup: "fairway.dev", kind: "FairwayClass", name: "a" },
      { apiGroup: "fairway.dev", kind: "FairwayClass", name: "b" },
      { kind: "ConfigMap", name: "a" },
    ),
    createdAtMs: times,
  })
  .map(({ name, controller, isDefault, parameters, createdAtMs }) =>
    storedObject(
      "IngressClass",
      "",
      name,
      { spec: { controller, parameters } },
      { createdAtMs, annotations: isDefault ? { "ingressclass.kubernetes.io/is-default-class": "true" } : {} },
    ),
  );

const entryPoints = fc.record({
  asDefault: fc.constantFrom(undefined, undefined, true),
  tls: fc.constantFrom(undefined, {}, { certResolver: "none" }),
  middlewares: fc.array(fc.record({ name: letters, namespace: namespaces }), { maxLength: 2 }),
  timeouts: fc.constantFrom(undefined, { keepAlive: "1s" }),
});
const fairwayClasses = fc
  .record({
    name: fc.constantFrom("a", "b"),
    web: entryPoints,
    websecure: fc.option(entryPoints, { nil: undefined }),
    redirect: fc.constantFrom(undefined, { to: "websecure" }),
    allowExternalName: fc.constantFrom(undefined, true, false),
    drain: fc.constantFrom(undefined, { delay: "5s" }),
  })
  .map(({ name, web, websecure, redirect, allowExternalName, drain }) => {
    const second = websecure === undefined ? [] : [{ name: "websecure", address: ":443", ...websecure }];
    const opened = [{ name: "web", address: ":80", redirect: second.length > 0 ? redirect : undefined, ...web }, ...second];
    return storedObject("FairwayClass", "", name, { spec: { entryPoints: opened, services: { allowExternalName }, drain } });
  });

const [notBefore, notAfter] = [new Date(Date.now() - 86_400_000), new Date(Date.now() + 90 * 86_400_000)];
const [one, other] = await Promise.all(
  ["a.com", "b.com"].map((commonName) => makeSelfSigned({ commonName, names: [commonName], notBefore, notAfter })),
);
const base64 = (text = ""): string => Buffer.from(text).toString("base64");
const tlsData = (chain = one, key = chain) => ({
  type: "kubernetes.io/tls",
  data: { "tls.crt": base64(chain?.chainPem), "tls.key": base64(key?.keyPem) },
});

/** Nothing, authorities, a pair, another, and one that is none. */
const secretBodies = fc.constantFrom<Readonly<Record<string, unknown>>>(
  { type: "Opaque", data: {} },
  { type: "Opaque", data: { "ca.crt": base64(one?.chainPem) } },
  tlsData(one),
  tlsData(other),
  tlsData(one, other),
);
/** Those of the operator count for everybody. */
const tlsNamespaces = fc.constantFrom("one", "two", "fairway-system");
const tlsNames = fc.constantFrom("a", "b", "default");

const secrets = fc
  .tuple(tlsNamespaces, letters, secretBodies)
  .map(([namespace, name, body]) => storedObject("Secret", namespace, name, body));

const tlsOptions = fc
  .tuple(
    tlsNamespaces,
    tlsNames,
    fc.constantFrom(
      {},
      { minVersion: "VersionTLS13" },
      { clientAuth: { secretNames: ["a"] } },
      { cipherSuites: ["TLS_NONE_SUCH"] },
    ),
  )
  .map(([namespace, name, spec]) => storedObject("TLSOption", namespace, name, { spec }));

const tlsStores = fc
  .tuple(tlsNamespaces, fc.constantFrom({}, { defaultCertificate: { secretName: "a" } }, { certificates: [{ secretName: "b" }] }))
  .map(([namespace, spec]) => storedObject("TLSStore", namespace, "default", { spec }));

const transports = fc
  .tuple(namespaces, fc.constantFrom({}, { rootCAs: [{ secret: "a" }] }, { certificatesSecrets: ["a"] }, { spiffe: {} }))
  .map(([namespace, spec]) => storedObject("ServersTransport", namespace, "a", { spec }));

const objects = fc.oneof(
  { weight: 4, arbitrary: ingressRoutes },
  { weight: 2, arbitrary: ingresses },
  { weight: 3, arbitrary: middlewares },
  { weight: 4, arbitrary: services },
  { weight: 1, arbitrary: externalServices },
  { weight: 3, arbitrary: slices },
  { weight: 1, arbitrary: grants },
  { weight: 2, arbitrary: ingressClasses },
  { weight: 2, arbitrary: fairwayClasses },
  { weight: 2, arbitrary: secrets },
  { weight: 2, arbitrary: tlsOptions },
  { weight: 1, arbitrary: tlsStores },
  { weight: 1, arbitrary: transports },
);

/** Any edit: mostly puts, so that the world fills. */
export const edits: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 3, arbitrary: objects.map((put) => ({ put })) },
  { weight: 1, arbitrary: objects.map(({ ref }) => ({ remove: ref })) },
);

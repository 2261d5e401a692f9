import type { ObjectRef } from "./object-ref.ts";
import type { Problem, Severity } from "./problem.ts";

interface CodeEntry {
  readonly severity: Severity;
  /** One sentence for the reference page. */
  readonly meaning: string;
}

/** Every code a Problem can carry, with its severity and its sentence. A code is never renamed, only retired. */
export const PROBLEM_CODES = {
  FileUnreadable: { severity: "error", meaning: "A file could not be read; its objects keep their last good version." },
  FileTooLarge: {
    severity: "error",
    meaning: "A file is larger than the limit of 10 MiB; its objects keep their last good version.",
  },
  TooManyFiles: {
    severity: "error",
    meaning: "A folder holds more than the limits allow; what is beyond them is not read.",
  },
  InvalidYAML: { severity: "error", meaning: "A file does not parse; its objects keep their last good version." },
  InvalidObject: {
    severity: "error",
    meaning: "A document is not a Kubernetes object: apiVersion, kind or metadata.name is missing.",
  },
  DuplicateObject: {
    severity: "error",
    meaning: "Two documents describe the same object; the one in the first file (by path) counts.",
  },
  SchemaViolation: {
    severity: "error",
    meaning: "A field has a wrong type, a value out of bounds, or a required field is missing; the last accepted version stays.",
  },
  UnknownField: { severity: "error", meaning: "A field is not known to the schema; it has no effect." },
  InvalidRule: { severity: "error", meaning: "A rule does not parse; it claims no traffic." },
  InvalidRegex: {
    severity: "error",
    meaning: "A regular expression is not valid RE2 syntax, which is what keeps matching linear in time.",
  },
  MiddlewareNotFound: { severity: "error", meaning: "A referenced Middleware does not exist; the route answers 503." },
  MiddlewareInvalid: { severity: "error", meaning: "A Middleware's options cannot be used; the routes that use it answer 503." },
  MiddlewareCycle: { severity: "error", meaning: "A chain leads back to itself; the routes that use it answer 503." },
  ParentNotFound: {
    severity: "error",
    meaning: "An IngressRoute named in parentRefs does not exist in this ingress class; the routes have no place under it.",
  },
  ParentCycle: {
    severity: "error",
    meaning: "The parents of an IngressRoute lead back to it; its routes answer 503 where they have a place.",
  },
  ParentUnreachable: {
    severity: "warning",
    meaning: "Nothing above an IngressRoute with parentRefs is served on an entry point; no request comes to its routes.",
  },
  LayersTooDeep: {
    severity: "error",
    meaning: "Too many IngressRoutes stand above one another; the routes below the limit answer 503.",
  },
  NotARoot: {
    severity: "error",
    meaning: "An IngressRoute with parentRefs sets entryPoints or tls, which only one without may; its routes answer 503.",
  },
  ServiceNotFound: { severity: "error", meaning: "A referenced Service does not exist; the route answers 503." },
  ServicePortNotFound: { severity: "error", meaning: "A referenced Service has no such port; the route answers 503." },
  SecretNotFound: {
    severity: "error",
    meaning:
      "A referenced Secret does not exist; a certificate is replaced by the default one, and what needs authorities of it is not served.",
  },
  SecretInvalid: {
    severity: "error",
    meaning:
      "A Secret does not hold what it is named for; the last good certificate of it stays, else the default one counts, and what needs authorities of it is not served.",
  },
  TLSOptionNotFound: {
    severity: "error",
    meaning: "A referenced TLSOption does not exist; the route answers 503 and its hosts take no connection.",
  },
  TLSOptionInvalid: {
    severity: "error",
    meaning: "A TLSOption cannot be honoured; the routes that use it answer 503 and their hosts take no connection.",
  },
  TLSOptionConflict: {
    severity: "warning",
    meaning:
      "Routes want different TLS options for one host; connections have those of the older object, and the requests of the others are answered 421.",
  },
  ServersTransportNotFound: {
    severity: "error",
    meaning: "A referenced ServersTransport does not exist; the route answers 503.",
  },
  ServersTransportInvalid: {
    severity: "error",
    meaning: "A ServersTransport cannot be honoured; the routes whose services use it answer 503.",
  },
  TLSStoreIgnored: {
    severity: "warning",
    meaning: "A TLSStore is not the one named default in the operator's namespace, which alone counts.",
  },
  CertificateExpiring: { severity: "warning", meaning: "A certificate has expired, or will within 14 days." },
  EntryPointNotFound: { severity: "error", meaning: "A route names an entry point that does not exist; it is not served there." },
  EntryPointNotTLS: {
    severity: "error",
    meaning: "A route with `spec.tls` asks for a plaintext entry point, or there is no TLS entry point; it is not served there.",
  },
  AddressRefused: {
    severity: "error",
    meaning: "A Service leads to an external name or a loopback address, which is not allowed here; it gets no traffic.",
  },
  NotPermitted: {
    severity: "error",
    meaning:
      "A reference crosses namespaces without the owner's consent (ReferenceGrant); the route answers 503, or has no place under the parent it names.",
  },
  NotSupported: {
    severity: "error",
    meaning: "A field is known but not supported yet; rather than ignore it, the route answers 503.",
  },
  Conflict: { severity: "warning", meaning: "Another rule claims the same traffic at the same rank; the older object wins." },
  Unreachable: {
    severity: "warning",
    meaning: "No request can reach a rule: rules that rank before it cover it, or its own terms exclude each other.",
  },
  ReachUnknown: {
    severity: "info",
    meaning: "Rules are too large, or too many in one place, for a check whether requests reach them; they work all the same.",
  },
  NoEndpoints: { severity: "warning", meaning: "A Service has no ready endpoint; its routes answer 503 until one is ready." },
  FairwayClassNotFound: {
    severity: "error",
    meaning:
      "An IngressClass names a FairwayClass that does not exist; the class keeps the settings it had, and is not served at first.",
  },
  ParametersRefused: {
    severity: "error",
    meaning:
      "The parameters of an IngressClass are no FairwayClass; the class keeps the settings it had, and is not served at first.",
  },
  EntryPointInvalid: {
    severity: "error",
    meaning: "An entry point of a FairwayClass cannot be opened as it is written; it keeps its last good form, or is not opened.",
  },
  SettingInvalid: { severity: "error", meaning: "A setting of a FairwayClass cannot be used; its default counts." },
  SharedServiceAccount: {
    severity: "error",
    meaning:
      "Two ingress classes name the same ServiceAccount for their proxies, which get the configuration of the older class.",
  },
  SeveralDefaultClasses: {
    severity: "warning",
    meaning: "More than one ingress class is marked as the default; the older one counts.",
  },
  SettingsElsewhere: {
    severity: "warning",
    meaning: "Several ingress classes are served as one; the FairwayClass of another one counts.",
  },
  ClassUnclear: {
    severity: "warning",
    meaning: "An object names no ingress class, and there are several it could be of; it is not served.",
  },
  UnusedFairwayClass: { severity: "info", meaning: "No ingress class names this FairwayClass in its parameters." },
  ClassMismatch: { severity: "warning", meaning: "The ingress class annotation and the field disagree; the field counts." },
  UnusedMiddleware: { severity: "info", meaning: "No route uses this Middleware." },
  InternalError: {
    severity: "error",
    meaning: "An object could not be compiled because of a defect in Fairway; what it was compiled to before stays.",
  },
  ResourceRefused: { severity: "error", meaning: "A proxy could not build this; it answers 503 for it." },
} as const satisfies Record<string, CodeEntry>;

export type ProblemCode = keyof typeof PROBLEM_CODES;

/** Makes a Problem; its severity follows from the code. */
export function problem(code: ProblemCode, object: ObjectRef, field: string, message: string, hint = ""): Problem {
  return { severity: PROBLEM_CODES[code].severity, code, object, field, message, hint };
}

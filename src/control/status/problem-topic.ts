import type { Problem } from "../../model/problem.ts";
import type { ProblemCode } from "../../model/problem-codes.ts";

/** Codes that always speak of something the object names. */
const REFERENCE_CODES: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  "MiddlewareNotFound",
  "ParentNotFound",
  "ServiceNotFound",
  "ServicePortNotFound",
  "SecretNotFound",
  "SecretInvalid",
  "TLSOptionNotFound",
  "ServersTransportNotFound",
  "AddressRefused",
  "NotPermitted",
  "EntryPointNotFound",
  "EntryPointNotTLS",
]);

/** Codes that speak of the object itself, or of what it names: the field tells. */
const EITHER_CODES: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  "MiddlewareInvalid",
  "NotSupported",
  "MiddlewareCycle",
  "TLSOptionInvalid",
  "ServersTransportInvalid",
]);

/** A field that names another object. */
const NAMES_AN_OBJECT = /(?:\.(?:middlewares|parentRefs)\[\d+\]|\.tls\.options|\.serversTransport)$/;

/** Which condition an error speaks to. `references`: it can also be mended elsewhere, by what the object names. */
export function topicOf({ code, field }: Pick<Problem, "code" | "field">): "accepted" | "references" | "programmed" {
  if (code === "ResourceRefused") return "programmed";
  if (REFERENCE_CODES.has(code)) return "references";
  return EITHER_CODES.has(code) && NAMES_AN_OBJECT.test(field) ? "references" : "accepted";
}

/** The errors of an object that speak to a condition. Warnings and infos speak to none. */
export function errorsOn(topic: ReturnType<typeof topicOf>, problems: readonly Problem[]): readonly Problem[] {
  return problems.filter((one) => one.severity === "error" && topicOf(one) === topic);
}

/** Several problems in one message: the first, and how many more there are. */
export function summary(problems: readonly Problem[]): string {
  const [first] = problems;
  if (first === undefined) return "";
  const text = [first.field === "" ? first.message : `${first.field}: ${first.message}`, first.hint].filter(
    (part) => part !== "",
  );
  const others = problems.length - 1;
  return `${text.join(" ")}${others === 0 ? "" : ` (and ${others} more ${others === 1 ? "problem" : "problems"})`}`;
}

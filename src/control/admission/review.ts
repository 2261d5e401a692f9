import { fail, ok, type Result } from "../../kernel/result.ts";
import type { Problem } from "../../model/problem.ts";
import type { Verdict } from "./judge.ts";

/** What the API server asks (admission.k8s.io/v1 AdmissionReview), as far as we read it. */
export interface ReviewRequest {
  readonly uid: string;
  /** CREATE, UPDATE, DELETE or CONNECT. */
  readonly operation: string;
  /** Absent or null in a deletion. */
  readonly object: unknown;
  /** The version so far; null where there is none. */
  readonly oldObject: unknown;
}

const API_VERSION = "admission.k8s.io/v1";

/** Longest uid that is echoed, in characters. */
const UID_LENGTH_MAX = 128;

/** Longest denial, in characters: kubectl prints all of it. */
const MESSAGE_LENGTH_MAX = 8_192;

/** The API server cuts warnings at 256 characters each and drops what is beyond 4,096 in all (KEP-1693). */
const WARNING_LENGTH_MAX = 256;
const WARNINGS_MAX = 16;

/** Reads a review. Fails, with why, for anything else. */
export function readReview(text: string): Result<ReviewRequest, string> {
  const review = parse(text);
  if (!isRecord(review) || review.kind !== "AdmissionReview") return fail("not an AdmissionReview");
  if (review.apiVersion !== API_VERSION) return fail(`an AdmissionReview of another version than ${API_VERSION}`);
  const { request } = review;
  if (!isRecord(request)) return fail("an AdmissionReview without a request");
  const { uid, operation, object, oldObject } = request;
  if (typeof uid !== "string" || uid === "" || uid.length > UID_LENGTH_MAX) return fail("a request without a uid");
  if (typeof operation !== "string") return fail("a request without an operation");
  return ok({ uid, operation, object: object ?? null, oldObject: oldObject ?? null });
}

/** The answer to a review: allowed unless there are errors, each of which is named. */
export function reviewAnswer(uid: string, { errors, warnings }: Verdict): object {
  const response = {
    uid,
    allowed: errors.length === 0,
    ...(errors.length === 0 ? {} : { status: denial(errors) }),
    ...(warnings.length === 0
      ? {}
      : { warnings: warnings.slice(0, WARNINGS_MAX).map((one) => shortened(sentence(one), WARNING_LENGTH_MAX)) }),
  };
  return { apiVersion: API_VERSION, kind: "AdmissionReview", response };
}

/** Without `details`: with them kubectl prints these alone, and neither who refuses nor what to write instead. */
function denial(errors: readonly Problem[]): object {
  const [first] = errors;
  const message =
    errors.length === 1 && first
      ? sentence(first)
      : [`${errors.length} errors:`, ...errors.map((one) => `- ${sentence(one)}`)].join("\n");
  return { status: "Failure", code: 422, reason: "Invalid", message: shortened(message, MESSAGE_LENGTH_MAX) };
}

/** `Code field: message (hint)`, as `fairway check` says it. */
function sentence({ code, field, message, hint }: Problem): string {
  return `${code}${field === "" ? "" : ` ${field}`}: ${message}${hint === "" ? "" : ` (${hint})`}`;
}

function shortened(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

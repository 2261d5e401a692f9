import { ApiError, type ApiObject } from "./api.ts";

/** How much of an answer that is no Status goes into a message. */
const EXCERPT_CHARS = 200;

/** The longest wait a server may ask for that we believe. */
const RETRY_AFTER_MAX_MS = 60_000;

/** What the API server writes when it refuses (meta/v1 Status), as a body or as the object of an ERROR event. */
interface Status {
  readonly kind?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** The error an answer other than 2xx stands for. */
export function errorOfAnswer(status: number, retryAfter: string | undefined, body: string): ApiError {
  const found = parsedStatus(body);
  const message = found?.message ?? (body.trim().slice(0, EXCERPT_CHARS) || `the API server answered ${status}`);
  const seconds = retryAfter ?? found?.details?.retryAfterSeconds;
  return new ApiError(status, found?.reason ?? "", message, retryAfterMs(seconds));
}

/** The error an ERROR event of a watch stands for. */
export function errorOfEvent(object: ApiObject): ApiError {
  const { code, reason, message, details } = object as unknown as Status;
  return new ApiError(code ?? 500, reason ?? "", message ?? "the watch failed", retryAfterMs(details?.retryAfterSeconds));
}

function parsedStatus(body: string): Status | null {
  try {
    const value = JSON.parse(body) as Status | null;
    return value?.kind === "Status" ? value : null;
  } catch {
    return null;
  }
}

/** Kubernetes always gives seconds (RFC 9110 §10.2.3 would allow a date too). */
function retryAfterMs(seconds: string | number | undefined): number | null {
  const ms = Number(seconds ?? Number.NaN) * 1000;
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, RETRY_AFTER_MAX_MS) : null;
}

import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";

/** The media type of calls whose messages are protobuf's. */
export const CONTENT_TYPE = "application/grpc+proto";

/** How a call ends; those of the gRPC status codes that are said here. */
export const Status = { OK: 0, INVALID_ARGUMENT: 3, RESOURCE_EXHAUSTED: 8, UNIMPLEMENTED: 12, UNAVAILABLE: 14 } as const;
export type Status = (typeof Status)[keyof typeof Status];

/** Whether a media type is one of gRPC with messages of protobuf, which is what it means without a suffix. */
export function isGrpc(contentType: string | undefined): boolean {
  return /^application\/grpc(?:\+proto)?(?:;|$)/i.test(contentType ?? "");
}

/** A status as it ends a call (gRPC over HTTP/2, Trailers). */
export function statusTrailers(status: Status, reason: string): OutgoingHttpHeaders {
  return { "grpc-status": String(status), ...(reason === "" ? {} : { "grpc-message": encodeURIComponent(reason) }) };
}

/** Why a call failed, by its trailers; null when it did not, or they do not say. */
export function failureOf(trailers: IncomingHttpHeaders): string | null {
  const { "grpc-status": status, "grpc-message": message } = trailers;
  if (status === undefined || status === "0") return null;
  return typeof message === "string" && message !== "" ? decoded(message) : `gRPC status ${status}`;
}

function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}

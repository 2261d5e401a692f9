import { createHash } from "node:crypto";

/** Fields by which clients and servers of the soak understand each other; `edition` and `route` are set by middlewares on the way. */
export const SOAK = {
  /** Of the request, and back in the answer. */
  id: "x-soak-id",
  /** The body that is wanted, as a piece of the noise, how it is framed, and how long the server waits before it answers. */
  reply: "x-soak-reply",
  framing: "x-soak-framing",
  delay: "x-soak-delay",
  /** Who answers. */
  server: "x-soak-server",
  /** Versions of the middleware and of the route that the request went through. */
  edition: "x-soak-edition",
  route: "x-soak-route",
  /** X-Forwarded-For as the server saw it. */
  from: "x-soak-from",
  /** Length and SHA-256 of the request's body as the server got it. */
  received: "x-soak-received",
} as const;

/** A part of the noise. */
export interface Piece {
  readonly offset: number;
  readonly length: number;
}

export function pieceText({ offset, length }: Piece): string {
  return `${offset}+${length}`;
}

/** The inverse of `pieceText`. Throws when it is none. */
export function pieceOf(text: unknown): Piece {
  const [offset, length, ...rest] = String(text).split("+").map(Number);
  if (offset === undefined || length === undefined || rest.length > 0 || Number.isNaN(offset + length))
    throw new Error(`no piece: ${text}`);
  return { offset, length };
}

/** RFC 6455 §4.2.2. */
export function webSocketAccept(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

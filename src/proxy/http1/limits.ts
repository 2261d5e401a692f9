/** Every limit and timeout of the HTTP/1.1 engine, with its default. The same table is in docs/reference/limits.md; a test holds them equal. */

/** Size of the read buffer all plaintext sockets of a worker share. */
export const READ_BUFFER_BYTES = 64 * 1024;
/** Size of the read buffer shared by those that filled the other: there is a large body behind it. */
export const BULK_BUFFER_BYTES = 256 * 1024;
/** Largest message head, request or response. */
export const HEAD_BYTES_MAX = 64 * 1024;
/** Bytes a connection may hold unread: what one read brought behind the request in hand, or behind a part of a head. */
export const UNREAD_BYTES_MAX = 384 * 1024;
/** Bytes queued on a socket at which its source is no longer read. */
export const WRITE_QUEUE_BYTES = 128 * 1024;
/** Largest request body kept for sending it once more. */
export const REPLAY_BYTES_MAX = 64 * 1024;
/** Most of a request body read and thrown away after an early answer, to keep the connection. */
export const DISCARD_BYTES_MAX = 256 * 1024;
/** Most servers tried for one request. */
export const ATTEMPTS_MAX = 5;
/** Most informational (1xx) responses before the final one. */
export const INFORMATIONAL_MAX = 16;
/** Connections of one worker to one server. */
export const SERVER_CONNECTIONS_MAX = 1024;
/** Idle connections of one worker to one server that are kept. */
export const SERVER_IDLE_MAX = 200;
/** Requests of one worker that wait for a connection to one server. */
export const SERVER_PENDING_MAX = 1024;
/** Bytes of a TLS ClientHello. */
export const CLIENT_HELLO_BYTES_MAX = 16 * 1024;
/** TLS contexts a worker keeps (about 30 KB each). */
export const SECURE_CONTEXTS_MAX = 1024;
/** Records that a ClientHello may be spread over: more of them cost time and mean no good. */
export const CLIENT_HELLO_RECORDS_MAX = 64;
/** Client connections of one worker. */
export const CONNECTIONS_MAX = 32_768;
/** Connections accepted on an entry point between its opening and its going live. */
export const PARKED_CONNECTIONS_MAX = 1024;

/** How long things may take, in ms. Held by a sweep once a second, so each is exact to about a second. */
export interface Timeouts {
  /** From the first byte of a request head (or accept) to its end. */
  readonly headMs: number;
  /** A kept-alive client connection without a request. */
  readonly keepAliveMs: number;
  /** ClientHello and handshake together. */
  readonly handshakeMs: number;
  /** Making a connection to a server. */
  readonly connectMs: number;
  /** From the request's last byte to the response head. */
  readonly firstByteMs: number;
  /** A request body that makes no progress. */
  readonly requestIdleMs: number;
  /** A response that makes no progress: the server sends nothing of it, or the client takes nothing. */
  readonly responseIdleMs: number;
  /** Age from which on a client connection ends with the request in hand; 0 for never. */
  readonly ageMs: number;
  /** An upgraded connection without a byte in either direction. */
  readonly tunnelIdleMs: number;
  /** An upgraded connection whose route, or one of its middlewares, is another one now: how long it may go on. */
  readonly sessionMs: number;
  /** An idle pooled connection to a server. */
  readonly poolIdleMs: number;
  /** After the last byte was written: how long the client may take to read it and close. */
  readonly lingerMs: number;
}

export const TIMEOUTS: Timeouts = {
  headMs: 10_000,
  keepAliveMs: 180_000,
  handshakeMs: 10_000,
  connectMs: 3_000,
  firstByteMs: 60_000,
  requestIdleMs: 60_000,
  responseIdleMs: 60_000,
  ageMs: 0,
  tunnelIdleMs: 3_600_000,
  sessionMs: 60_000,
  poolIdleMs: 90_000,
  lingerMs: 5_000,
};

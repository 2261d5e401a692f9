/** Every limit of the HTTP/2 engine, with its default. The same table is in docs/reference/limits.md; a test holds them equal. */

/** Streams a client may have open on one connection. */
export const STREAMS_MAX = 128;
/** Bytes of one request body that a client may send before they are used. */
export const STREAM_WINDOW_BYTES = 128 * 1024;
/** Bytes of all request bodies of one connection that a client may send before they are used. */
export const CONNECTION_WINDOW_BYTES = 1024 * 1024;
/** Fields of a header block, cookies in crumbs counted one by one: beyond it the stream is refused before it is looked at. */
export const BLOCK_FIELDS_MAX = 256;
/** Memory nghttp2 may hold for one connection, in MB: beyond it streams are refused. */
export const SESSION_MEMORY_MB = 16;
/** Entries of one SETTINGS frame. */
export const SETTINGS_ENTRIES_MAX = 32;
/** Streams that are reset before they are answered: this many at once… */
export const RESETS_BURST_MAX = 500;
/** …and this many a second after that (CVE-2023-44487, CVE-2025-8671). */
export const RESETS_PER_S = 100;
/** PING and SETTINGS frames of a client: this many at once… */
export const CONTROL_FRAMES_BURST_MAX = 200;
/** …and this many a second after that. */
export const CONTROL_FRAMES_PER_S = 10;
/** Bytes of a client that carry nothing (empty DATA, padding, WINDOW_UPDATE, PRIORITY, frames of no known type): this many at once… */
export const OVERHEAD_BURST_BYTES = 2 * 1024 * 1024;
/** …and this many a second after that. Bodies, heads and what the client was sent allow for as much more as they need. */
export const OVERHEAD_BYTES_PER_S = 64 * 1024;
/** Invalid frames that nghttp2 ignores, on one connection. */
export const EMPTY_FRAMES_MAX = 1000;
/** Streams that a client opens beyond `STREAMS_MAX`, and that are refused, on one connection. */
export const REFUSED_STREAMS_MAX = 100;
/** Streams of one worker on one connection to a server, however many more the server allows. */
export const SERVER_STREAMS_MAX = 256;
/** HTTP/2 connections of one worker to one server. */
export const SERVER_SESSIONS_MAX = 64;

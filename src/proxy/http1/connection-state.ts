import type { Timeouts } from "./limits.ts";
import type { ServerConnection } from "./server-connection.ts";

/** What a connection needs to know of where it came in. */
export interface Door {
  /** Bit of the entry point in the live world; 0 when it is not live. */
  entryPointBit(): number;
  /** Whether connections end with the exchange in hand: the worker drains, or the entry point is to go. */
  readonly isClosing: boolean;
  onConnectionClosed(connection: ServerConnection): void;
}

/**
 * Where a client connection stands.
 *
 * `head`: a request head is awaited. `hold`: a request waits for a hook or for a server's connection; its body is not read.
 * `forward`: it is on its way, its body is read and sent on. `discard`: it is answered, the rest of its body is read and thrown away.
 * `tunnel`: both sides talk past us. `linger`: the last answer is sent, the client may still be sending. `closed`.
 */
export type ConnectionState = "head" | "hold" | "forward" | "discard" | "tunnel" | "linger" | "closed";

/** How long a state may last without progress, in ms. `awaitsHead`: the request is sent whole, nothing of a response is here. */
export function allowedMs(state: ConnectionState, awaitsHead: boolean, timeouts: Timeouts): number {
  switch (state) {
    case "head":
      return timeouts.keepAliveMs;
    case "hold":
      return timeouts.firstByteMs;
    case "forward":
      return awaitsHead ? timeouts.firstByteMs : timeouts.bodyIdleMs;
    case "discard":
      return timeouts.bodyIdleMs;
    case "linger":
      return timeouts.lingerMs;
    default:
      // A tunnel minds its own time.
      return Number.POSITIVE_INFINITY;
  }
}

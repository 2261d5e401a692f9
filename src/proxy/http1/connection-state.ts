import type { Socket } from "node:net";
import type { Peer } from "./exchange.ts";
import type { Timeouts } from "./limits.ts";

/** A client connection, as its listener minds it. */
export interface DoorConnection {
  /** Whether an exchange is under way, or its last bytes are on their way out. */
  readonly isBusy: boolean;
  /** It ends with what is in hand. */
  drain(): void;
  /** It ends at once. */
  destroy(): void;
}

/** What a connection needs to know of where it came in. */
export interface Door {
  /** Name of the entry point. */
  readonly entryPointName: string;
  /** Bit of the entry point in the live world; 0 when it is not live, or no longer takes connections that are TLS, or are not. */
  entryPointBit(isTls: boolean): number;
  /** Whether connections end with the exchange in hand: the worker drains, or the entry point is to go. */
  readonly isClosing: boolean;
  onConnectionClosed(connection: DoorConnection): void;
  /** Counts a connection as one that is upgraded, or about to be; false where there are as many as there may be. */
  enterUpgrade(connection: DoorConnection): boolean;
  /** It is not upgraded after all. */
  leaveUpgrade(connection: DoorConnection): void;
  /** What was taken for an HTTP/1.1 connection speaks HTTP/2 from its first byte on; `socket` has all of it to be read. */
  onHttp2(connection: DoorConnection, peer: Peer, socket: Socket): void;
}

/**
 * Where a client connection stands.
 *
 * `head`: a request head is awaited. `hold`: a request waits for a hook or for a server's connection; its body is not read.
 * `forward`: it is on its way, its body is read and sent on. `discard`: it is answered, the rest of its body is read and thrown away.
 * `tunnel`: both sides talk past us. `linger`: the last answer is sent, the client may still be sending. `closed`.
 */
export type ConnectionState = "head" | "hold" | "forward" | "discard" | "tunnel" | "linger" | "closed";

/**
 * How long a state may last without progress, in ms. `isWhole`: the request is here, body and all; `hasResponse`: some of the response
 * is.
 */
export function allowedMs(state: ConnectionState, isWhole: boolean, hasResponse: boolean, timeouts: Timeouts): number {
  switch (state) {
    case "head":
      return timeouts.keepAliveMs;
    case "hold":
      return timeouts.firstByteMs;
    case "forward":
      if (!isWhole) return timeouts.requestIdleMs;
      return hasResponse ? timeouts.responseIdleMs : timeouts.firstByteMs;
    case "discard":
      return timeouts.requestIdleMs;
    case "linger":
      return timeouts.lingerMs;
    default:
      // A tunnel minds its own time.
      return Number.POSITIVE_INFINITY;
  }
}

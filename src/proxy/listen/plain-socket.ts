import type { Buffer } from "node:buffer";
import { readSync } from "node:fs";
import { Socket, type SocketConstructorOpts } from "node:net";

/** What Node keeps under a socket; not documented, so looked at with care. */
interface WithDescriptor {
  readonly _handle?: { readonly fd?: number } | null;
}

/**
 * Reads at once what the kernel holds for a plaintext socket, past Node: the number of bytes read into `into`, 0 when the peer has
 * ended or reset the connection, -1 when there is nothing to read or the descriptor cannot be had. Costs about 2 µs when there is
 * nothing: the kernel's EAGAIN comes as an exception (3.5 µs with the stack that nobody looks at).
 */
export function readNow(socket: Socket, into: Buffer, length: number): number {
  const descriptor = (socket as unknown as WithDescriptor)._handle?.fd;
  if (descriptor === undefined || descriptor < 0) return -1;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return readSync(descriptor, into, 0, length, null);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EAGAIN" ? -1 : 0;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * A plaintext socket that tells of a write that failed while what the peer had sent before can still be read.
 *
 * A server may answer early, close, and reset what still comes (RFC 9112 §9.6): Node would throw its answer away with the socket.
 */
export class PlainSocket extends Socket {
  readonly #onWriteFailed: () => void;

  /** `onWriteFailed` is called before the socket's handle goes. */
  constructor(options: SocketConstructorOpts, onWriteFailed: () => void) {
    super(options);
    this.#onWriteFailed = onWriteFailed;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if ((error as NodeJS.ErrnoException | null)?.syscall === "write") this.#onWriteFailed();
    super._destroy(error, callback);
  }
}

import { Buffer } from "node:buffer";
import { type OnReadOpts, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { BULK_BUFFER_BYTES, READ_BUFFER_BYTES, WRITE_QUEUE_BYTES } from "../http1/limits.ts";
import { readInto } from "./onread.ts";
import { PlainSocket, readNow } from "./plain-socket.ts";

/** What happens on a socket, told to whoever minds it. */
export interface SocketEvents {
  /**
   * Bytes came: `bytes[0, length)`, borrowed until return. False stops reading until `resume`; a little more may still come (what TLS
   * had decrypted already).
   */
  onBytes(bytes: Buffer, length: number): boolean;
  /** The peer will send no more. */
  onEnd(): void;
  /** Everything written has left, after a write that returned false. */
  onDrain(): void;
  /** The socket is gone, whatever the reason. The last call. `failed` tells an error from an orderly end. */
  onClose(failed: boolean): void;
}

/** How bytes leave a plaintext socket: into the worker's shared buffer, or in a fresh buffer per read where that cannot be had. */
export type ReadMode = "shared" | "fresh";

/** All plaintext sockets of a worker read into this one buffer; whoever is told of bytes uses or copies them before returning. */
const READ_BUFFER: Buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
/** Those in the middle of a large body read into this one: fewer calls for as many bytes. It is not for all, since what cannot be used at once is kept. */
const BULK_BUFFER: Buffer = Buffer.allocUnsafeSlow(BULK_BUFFER_BYTES);

let poisoned = false;

/** For tests: overwrites borrowed bytes as soon as they are given back, so that whoever kept them shows. */
export function poisonReads(on: boolean): void {
  poisoned = on;
}

/**
 * A socket with one listener for all it does and without streams in the read path: TCP or TLS, of a client or a server.
 *
 * Reading is by `onread` into the shared buffer (documented for sockets that connect; see `readInto` for accepted ones, which has a
 * fallback), or by a `push` of our own, which is how TLS gives its bytes away.
 */
export class ByteSocket {
  readonly socket: Socket;
  readonly isTls: boolean;
  /** What is under TLS; else the socket itself. */
  #tcp: Socket;
  #events: SocketEvents;
  /** Reading was stopped by an `onBytes` that returned false. */
  #stopped = false;
  /** What the next read goes into, where that is ours to say. */
  #buffer: Buffer = READ_BUFFER;
  /** What Node has been told that it goes into. */
  #given: Buffer | null = null;
  #failed = false;

  private constructor(socket: Socket, isTls: boolean, events: SocketEvents) {
    this.socket = socket;
    this.#tcp = socket;
    this.isTls = isTls;
    this.#events = events;
    socket.on("end", () => this.#events.onEnd());
    socket.on("drain", () => this.#events.onDrain());
    socket.on("error", () => {
      this.#failed = true;
    });
    socket.on("close", () => this.#events.onClose(this.#failed));
  }

  /** Takes over a socket just accepted with `pauseOnConnect`, and starts to read. */
  static accepted(socket: Socket, events: SocketEvents, mode: ReadMode): ByteSocket {
    const made = new ByteSocket(socket, false, events);
    const onread = ByteSocket.#reading(() => made);
    if (mode === "fresh" || !readInto(socket, onread)) made.#readByPush();
    socket._read(0);
    return made;
  }

  /** Takes over a TLS server socket, made on `tcp`. */
  static secured(socket: TLSSocket, tcp: Socket, events: SocketEvents): ByteSocket {
    const made = new ByteSocket(socket, true, events);
    made.#tcp = tcp;
    made.#readByPush();
    return made;
  }

  /** Begins a connection to an IP address; `onConnect` is called when it stands. */
  static connecting(host: string, port: number, events: SocketEvents, onConnect: () => void): ByteSocket {
    let made: ByteSocket | undefined;
    const onread = ByteSocket.#reading(() => made);
    const options = { onread, allowHalfOpen: true, highWaterMark: WRITE_QUEUE_BYTES } as object;
    const socket = new PlainSocket(options, () => (made as ByteSocket).#readRest());
    made = new ByteSocket(socket, false, events);
    socket.setNoDelay(true);
    socket.connect({ host, port, autoSelectFamily: false }, onConnect);
    return made;
  }

  /** Takes over a TLS connection to a server that is about to be made on `tcp`; `onConnect` is called when its handshake is done. */
  static securing(
    { secured, tcp }: { secured: TLSSocket; tcp: Socket },
    events: SocketEvents,
    onConnect: () => void,
  ): ByteSocket {
    const made = ByteSocket.secured(secured, tcp, events);
    secured.once("secureConnect", onConnect);
    return made;
  }

  /**
   * How a socket reads into the shared buffers; `made` is there before its first read. To be told of a buffer costs Node more than to go on
   * with the one it has, so it is told of nothing else: it takes what is no buffer for that, though its types do not say so.
   */
  static #reading(made: () => ByteSocket | undefined): OnReadOpts {
    return {
      buffer: (() => {
        const socket = made();
        if (socket === undefined) return READ_BUFFER;
        if (socket.#given === socket.#buffer) return undefined;
        socket.#given = socket.#buffer;
        return socket.#buffer;
      }) as () => Buffer,
      callback: (length, bytes) => {
        const socket = made() as ByteSocket;
        socket.#buffer = length >= READ_BUFFER_BYTES ? BULK_BUFFER : READ_BUFFER;
        return socket.#deliver(bytes as Buffer, length);
      },
    };
  }

  /** From now on `events` is told. */
  handTo(events: SocketEvents): void {
    this.#events = events;
  }

  /** Gives the socket to somebody who reads it otherwise; nobody is told any more. `unread` was read already, and is to be read again. Not within `onBytes`. */
  release(unread: Buffer): Socket {
    const { socket } = this;
    this.#events = NOBODY;
    delete (socket as Partial<Socket>).push;
    socket.unshift(unread);
    return socket;
  }

  /** Reads again after an `onBytes` that returned false. */
  resume(): void {
    if (!this.#stopped || this.socket.destroyed) return;
    this.#stopped = false;
    // Not `resume()`: neither way of reading goes through the stream's own buffer, so only its lowest layer starts again.
    this.socket._read(0);
  }

  /** Tells of bytes that were read before this took over. */
  deliver(bytes: Buffer): void {
    this.#deliver(bytes, bytes.length);
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Bytes written that the kernel has not taken yet; it shrinks while a slow peer reads. */
  get queuedBytes(): number {
    const handle = (this.socket as unknown as WithHandle)._handle;
    return handle?.writeQueueSize ?? this.socket.writableLength;
  }

  /** Asks the kernel whether the peer has closed, or sent what nobody asked for: what Node will only tell in its next turn. For plaintext. */
  hasUnread(): boolean {
    return readNow(this.socket, READ_BUFFER, 1) >= 0;
  }

  /** Whether the peer was reached at all: what went wrong after that is no matter of the network. */
  get hasReached(): boolean {
    return this.#tcp.bytesWritten > 0;
  }

  /** Sends what is queued, then FIN. */
  end(): void {
    this.socket.end();
  }

  /**
   * Closes at once, orderly as far as TCP is concerned. What is over TCP follows it by itself: Node 26.10 dies of a segmentation fault, the
   * whole process with it, where a TLS socket is destroyed after its TCP socket within the callback that tells of its handshake.
   */
  destroy(): void {
    if (!this.#tcp.destroyed) this.socket.destroy();
  }

  /** Closes so that the peer cannot take what it has for complete: by a TCP reset. */
  abort(): void {
    if (!this.#tcp.destroyed) this.#tcp.resetAndDestroy();
  }

  #deliver(bytes: Buffer, length: number): boolean {
    const goesOn = this.#events.onBytes(bytes, length);
    if (poisoned) bytes.fill(0xdb, 0, length);
    if (!goesOn) this.#stopped = true;
    return goesOn;
  }

  /** A write failed: what the peer had sent before is told first. There is an end to it: the kernel takes no more in. */
  #readRest(): void {
    for (;;) {
      const length = readNow(this.socket, READ_BUFFER, READ_BUFFER.length);
      if (length <= 0) return;
      this.#deliver(READ_BUFFER, length);
    }
  }

  /** Takes each buffer at the door of the readable stream, so that nothing is queued and no event is emitted for it. */
  #readByPush(): void {
    const { socket } = this;
    socket.push = (chunk: unknown) => {
      if (chunk === null) return Socket.prototype.push.call(socket, null);
      return this.#deliver(chunk as Buffer, (chunk as Buffer).length);
    };
  }
}

const NOBODY: SocketEvents = { onBytes: () => false, onEnd() {}, onDrain() {}, onClose() {} };

/** What Node keeps under a socket; not documented, so looked at with care. */
interface WithHandle {
  _handle: { readonly writeQueueSize?: number } | null;
}

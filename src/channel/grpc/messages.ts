import { Status } from "./status.ts";

/** Bytes before each message: whether it is compressed, and its length. */
const PREFIX_BYTES = 5;

/** A message as it is sent: uncompressed, with its length before it (gRPC over HTTP/2, Length-Prefixed-Message). */
export function lengthPrefixed(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/** Said of bytes that are no messages, or none that are taken. */
export class BadMessage extends Error {
  /** What the call ends with. */
  readonly status: Status;

  constructor(reason: string, status: Status) {
    super(reason);
    this.name = "BadMessage";
    this.status = status;
  }
}

/** Cuts what comes on a stream, in pieces of any size, into messages. One that is thrown at (`BadMessage`) is of no more use. */
export class MessageReader {
  readonly #bytesMax: number;
  readonly #prefix = Buffer.alloc(PREFIX_BYTES);
  #prefixBytes = 0;
  /** The message under way, and how much of it has come. */
  #message: Uint8Array<ArrayBuffer> | null = null;
  #messageBytes = 0;

  /** `bytesMax`: the largest message that is taken. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The messages that a piece completes, each a copy with a buffer of its own. */
  read(piece: Uint8Array): readonly Uint8Array<ArrayBuffer>[] {
    const messages: Uint8Array<ArrayBuffer>[] = [];
    for (let at = 0; at < piece.length || this.#isComplete; ) {
      if (this.#isComplete) messages.push(this.#take());
      else at += this.#message === null ? this.#addToPrefix(piece, at) : this.#addToMessage(this.#message, piece, at);
    }
    return messages;
  }

  get #isComplete(): boolean {
    return this.#message !== null && this.#messageBytes === this.#message.length;
  }

  #addToPrefix(piece: Uint8Array, at: number): number {
    const part = piece.subarray(at, at + PREFIX_BYTES - this.#prefixBytes);
    this.#prefix.set(part, this.#prefixBytes);
    this.#prefixBytes += part.length;
    if (this.#prefixBytes === PREFIX_BYTES) this.#begin();
    return part.length;
  }

  #begin(): void {
    if (this.#prefix[0] !== 0) throw new BadMessage("a message is compressed, which was not agreed on", Status.UNIMPLEMENTED);
    const length = this.#prefix.readUInt32BE(1);
    if (length > this.#bytesMax) {
      throw new BadMessage(`a message of ${length} bytes, where ${this.#bytesMax} are taken`, Status.RESOURCE_EXHAUSTED);
    }
    this.#message = new Uint8Array(length);
    this.#messageBytes = 0;
  }

  #addToMessage(message: Uint8Array, piece: Uint8Array, at: number): number {
    const part = piece.subarray(at, at + message.length - this.#messageBytes);
    message.set(part, this.#messageBytes);
    this.#messageBytes += part.length;
    return part.length;
  }

  #take(): Uint8Array<ArrayBuffer> {
    const message = this.#message as Uint8Array<ArrayBuffer>;
    this.#message = null;
    this.#prefixBytes = 0;
    return message;
  }
}

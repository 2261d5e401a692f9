import { connect, type Socket } from "node:net";

/** HTTP/2 frames written and read by hand (RFC 9113 §4, §6; RFC 7541): what no library would send can be sent. */

export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
  UNKNOWN: 0x4f,
} as const;
export type FrameName = keyof typeof FRAME;

export const FLAG = { ACK: 1, END_STREAM: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 0x20 } as const;

/** RFC 9113 §7. */
export const ERROR_CODES = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
] as const;

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** SETTINGS_HEADER_TABLE_SIZE = 0: the proxy's header blocks can be read without a table. */
export const NO_TABLE = frame("SETTINGS", 0, 0, Buffer.from([0, 1, 0, 0, 0, 0]));

export function frame(name: FrameName, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = FRAME[name];
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A header block: each field a literal that goes into no table, neither name nor value coded (RFC 7541 §6.2.2). */
export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([integer(bytes.length, 7), bytes]);
}

/** RFC 7541 §5.1. */
export function integer(value: number, prefixBits: number): Buffer {
  const most = (1 << prefixBits) - 1;
  if (value < most) return Buffer.from([value]);
  const bytes = [most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

/** HEADERS of a GET, on a stream, that end it. */
export function get(stream: number, path = "/"): Buffer {
  const fields = [
    [":method", "GET"],
    [":scheme", "http"],
    [":authority", "a.test"],
    [":path", path],
  ] as const;
  return frame("HEADERS", FLAG.END_STREAM | FLAG.END_HEADERS, stream, headerBlock(fields));
}

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

const INDEXED_STATUS: ReadonlyMap<number, number> = new Map(
  [200, 204, 206, 304, 400, 404, 500].map((status, i) => [8 + i, status]),
);
/** Digits in the code of RFC 7541, appendix B. */
const DIGITS: ReadonlyMap<string, string> = new Map(
  ["00000", "00001", "00010", "011001", "011010", "011011", "011100", "011101", "011110", "011111"].map((code, digit) => [
    code,
    String(digit),
  ]),
);

/** The status a response's header block begins with; the dynamic table is not in use. NaN for a block without one: trailers. */
export function statusOf(block: Buffer): number {
  let at = 0;
  while (((block[at] as number) & 0xe0) === 0x20) at++;
  const first = block[at] as number;
  if ((first & 0x80) !== 0) return INDEXED_STATUS.get(first & 0x7f) ?? Number.NaN;
  const name = first & ((first & 0xc0) === 0x40 ? 0x3f : 0x0f);
  if (name < 8 || name > 14) return Number.NaN;
  const length = block[at + 1] as number;
  const value = block.subarray(at + 2, at + 2 + (length & 0x7f));
  if ((length & 0x80) === 0) return Number(value.toString("latin1"));
  let status = "";
  let code = "";
  for (const bit of [...value].map((byte) => byte.toString(2).padStart(8, "0")).join("")) {
    code += bit;
    const digit = DIGITS.get(code);
    if (digit === undefined || status.length === 3) continue;
    status += digit;
    code = "";
  }
  return Number(status);
}

/** A client that sends frames and notes those that come. It acknowledges nothing unless told. */
export class FrameClient {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  isClosed = false;
  #unread: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (data: Buffer) => this.#take(data));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.isClosed = true;
    });
  }

  static async connect(port: number): Promise<FrameClient> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const client = new FrameClient(socket);
    await new Promise<void>((resolve, reject) => socket.on("connect", resolve).on("error", reject));
    return client;
  }

  /** Connects and says hello. */
  static async greeting(port: number): Promise<FrameClient> {
    const client = await FrameClient.connect(port);
    client.send(Buffer.concat([PREFACE, NO_TABLE, frame("SETTINGS", FLAG.ACK, 0)]));
    return client;
  }

  /** False: what was sent before has not left yet. */
  send(bytes: Buffer): boolean {
    return this.socket.writable && this.socket.write(bytes);
  }

  /** The code of the GOAWAY that came; null while none has. */
  get goaway(): string | null {
    const last = this.frames.findLast(({ type }) => type === FRAME.GOAWAY);
    return last === undefined ? null : (ERROR_CODES[last.payload.readUInt32BE(4)] ?? "?");
  }

  /** Statuses that came on a stream. */
  statuses(stream: number): readonly number[] {
    return this.frames
      .filter(({ type, stream: id }) => type === FRAME.HEADERS && id === stream)
      .map(({ payload }) => statusOf(payload));
  }

  close(): void {
    this.socket.destroy();
  }

  #take(data: Buffer): void {
    let bytes = this.#unread.length === 0 ? data : Buffer.concat([this.#unread, data]);
    while (bytes.length >= 9) {
      const length = bytes.readUIntBE(0, 3);
      if (bytes.length < 9 + length) break;
      const stream = bytes.readUInt32BE(5) & 0x7fffffff;
      this.frames.push({
        type: bytes[3] as number,
        flags: bytes[4] as number,
        stream,
        payload: Buffer.from(bytes.subarray(9, 9 + length)),
      });
      bytes = bytes.subarray(9 + length);
    }
    this.#unread = Buffer.from(bytes);
  }
}

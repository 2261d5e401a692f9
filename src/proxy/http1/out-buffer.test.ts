import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import type { ByteSocket } from "../listen/byte-socket.ts";
import { BULK_BUFFER_BYTES, READ_BUFFER_BYTES } from "./limits.ts";
import { OutBuffer } from "./out-buffer.ts";

/** A plaintext socket; while it is stuck it takes nothing, and keeps what it was given, as a kernel's queue does. */
function fakeSocket() {
  const taken: Buffer[] = [];
  const queued: Buffer[] = [];
  const socket = {
    destroyed: false,
    writableEnded: false,
    writableLength: 0,
    isStuck: false,
    write(bytes: Buffer): boolean {
      if (!socket.isStuck) taken.push(Buffer.from(bytes));
      else {
        queued.push(bytes);
        socket.writableLength += bytes.length;
      }
      return false;
    },
  };
  return { socket, taken, queued, bytes: { isTls: false, socket } as unknown as ByteSocket };
}

test.each([100, READ_BUFFER_BYTES, BULK_BUFFER_BYTES, 2 * BULK_BUFFER_BYTES])(
  "%d bytes that a socket has not taken yet stay as they are while the next are put together",
  (length) => {
    const out = new OutBuffer();
    const { socket, taken, queued, bytes } = fakeSocket();
    out.text("head ");
    out.slice(Buffer.alloc(length, "a"), 0, length);
    // All of it leaves at once: that is no reason to pause.
    expect(out.sendTo(bytes)).toBe(true);
    expect(taken[0]?.equals(Buffer.from(`head ${"a".repeat(length)}`))).toBe(true);
    socket.isStuck = true;
    for (const letter of "bcd") {
      out.slice(Buffer.alloc(length, letter), 0, length);
      expect(out.sendTo(bytes)).toBe(false);
    }
    expect(queued.map((piece) => piece.equals(Buffer.alloc(length, piece[0])))).toEqual([true, true, true]);
    expect(queued.map((piece) => piece.toString("latin1", 0, 1)).join("")).toBe("bcd");
  },
);

import { type OnReadOpts, Socket } from "node:net";

/** Where Node keeps the `onread` of a socket. */
interface Slots {
  readonly buffer: symbol;
  readonly generator: symbol;
  readonly callback: symbol;
}

/** What Node keeps under a socket; not documented, so looked at with care. */
interface WithHandle {
  readonly _handle: { useUserBuffer?(bytes: Uint8Array): void } | null;
  [slot: symbol]: unknown;
}

/** Node does not say which symbols it uses: they are looked for in a socket made with `onread`. Null where they cannot be told. */
function findSlots(): Slots | null {
  const onread: OnReadOpts = { buffer: () => new Uint8Array(1), callback: () => true };
  const probe = new Socket({ onread }) as unknown as WithHandle;
  const own = Object.getOwnPropertySymbols(probe);
  const generator = own.find((slot) => probe[slot] === onread.buffer);
  const callback = own.find((slot) => probe[slot] === onread.callback);
  const buffer = own.find((slot) => slot.description === "kBuffer" && probe[slot] === true);
  return generator && callback && buffer ? { buffer, generator, callback } : null;
}

const SLOTS = findSlots();

/**
 * Has a socket that was accepted, and does not read yet, read as `onread` says, which Node documents for sockets that connect alone.
 * False where this Node cannot: nothing has changed then. `onread.buffer` is a function.
 */
export function readInto(socket: Socket, onread: OnReadOpts): boolean {
  const holder = socket as unknown as WithHandle;
  const handle = holder._handle;
  if (SLOTS === null || typeof handle?.useUserBuffer !== "function") return false;
  const bytes = (onread.buffer as () => Uint8Array)();
  holder[SLOTS.buffer] = bytes;
  holder[SLOTS.generator] = onread.buffer;
  holder[SLOTS.callback] = onread.callback;
  handle.useUserBuffer(bytes);
  return true;
}

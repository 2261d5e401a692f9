import { createRequire } from "node:module";

/** What llhttp (the parser of Node itself, as undici ships it) makes of a message: a second opinion for fuzzing, nothing else. */
export interface Llhttp {
  parseRequest(bytes: Uint8Array): LlhttpMessage | NoMessage;
  /**
   * The same for a response to a request of `method`, after which the connection ends where the bytes do. An informational response
   * counts as one.
   */
  parseResponse(bytes: Uint8Array, method: string): LlhttpMessage | NoMessage;
}

/** The bytes break a rule, or end before the message does. */
export type NoMessage = "refused" | "incomplete";

export interface LlhttpMessage {
  /** Of a request. */
  readonly target: string;
  /** Of a response. */
  readonly status: number;
  /** Lower-case names with values, in order; trailers at the end. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
  readonly keepAlive: boolean;
  /** Index just past the message. */
  readonly end: number;
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(size: number): number;
  free(pointer: number): void;
  llhttp_alloc(type: number): number;
  llhttp_free(parser: number): void;
  llhttp_execute(parser: number, pointer: number, length: number): number;
  llhttp_finish(parser: number): number;
  llhttp_get_error_pos(parser: number): number;
}

/** The part of the WebAssembly API used here; its types are in none of the libraries this project compiles against. */
interface WasmApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

const { WebAssembly: wasmApi } = globalThis as unknown as { readonly WebAssembly: WasmApi };
const TYPE_REQUEST = 1;
const TYPE_RESPONSE = 2;
const PAUSED = 21;
const SKIP_BODY = 1;

/** Loads llhttp from undici's package. */
export function loadLlhttp(): Llhttp {
  const wasm = createRequire(import.meta.url)("undici/lib/llhttp/llhttp-wasm.js") as Buffer<ArrayBuffer>;
  let message = new Recorder(false);
  const text = (at: number, length: number) => Buffer.from(exports.memory.buffer, at, length).toString("latin1");
  const env = {
    wasm_on_url: (_: number, at: number, length: number) => message.add("target", text(at, length)),
    wasm_on_status: () => 0,
    wasm_on_message_begin: () => 0,
    wasm_on_header_field: (_: number, at: number, length: number) => message.add("name", text(at, length)),
    wasm_on_header_value: (_: number, at: number, length: number) => message.add("value", text(at, length)),
    wasm_on_headers_complete: (_: number, status: number, _upgrade: number, keepAlive: number) =>
      message.headComplete(status, keepAlive),
    wasm_on_body: (_: number, at: number, length: number) => message.add("body", text(at, length)),
    wasm_on_message_complete: () => message.complete(),
  };
  const instance = new wasmApi.Instance(new wasmApi.Module(wasm), { env });
  const exports = instance.exports as Exports;

  function parse(type: number, bytes: Uint8Array, skipsBody: boolean): LlhttpMessage | NoMessage {
    message = new Recorder(skipsBody);
    const parser = exports.llhttp_alloc(type);
    const pointer = exports.malloc(bytes.length);
    new Uint8Array(exports.memory.buffer, pointer, bytes.length).set(bytes);
    const result = exports.llhttp_execute(parser, pointer, bytes.length);
    message.end = result === PAUSED ? exports.llhttp_get_error_pos(parser) - pointer : bytes.length;
    if (result === 0 && type === TYPE_RESPONSE) exports.llhttp_finish(parser);
    exports.free(pointer);
    exports.llhttp_free(parser);
    if (result !== 0 && result !== PAUSED) return "refused";
    return message.isComplete ? message : "incomplete";
  }

  return {
    parseRequest: (bytes) => parse(TYPE_REQUEST, bytes, false),
    parseResponse: (bytes, method) => parse(TYPE_RESPONSE, bytes, method === "HEAD"),
  };
}

/** Collects the callbacks of the first message. llhttp may report one string in several spans. */
class Recorder implements LlhttpMessage {
  target = "";
  status = 0;
  readonly fields: [string, string][] = [];
  body = "";
  keepAlive = false;
  isComplete = false;
  end = 0;
  readonly #skipsBody: boolean;
  #last = "";

  constructor(skipsBody: boolean) {
    this.#skipsBody = skipsBody;
  }

  add(what: "target" | "name" | "value" | "body", text: string): number {
    if (what === "target" || what === "body") this[what] += text;
    else if (what === "name" && this.#last !== "name") this.fields.push([text.toLowerCase(), ""]);
    else {
      const field = this.fields.at(-1);
      if (field !== undefined) field[what === "name" ? 0 : 1] += what === "name" ? text.toLowerCase() : text;
    }
    this.#last = what;
    return 0;
  }

  headComplete(status: number, keepAlive: number): number {
    this.status = status;
    this.keepAlive = keepAlive !== 0;
    return this.#skipsBody ? SKIP_BODY : 0;
  }

  /** Stops there: what follows is another message. */
  complete(): number {
    this.isComplete = true;
    return PAUSED;
  }
}

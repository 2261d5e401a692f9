import { createRequire } from "node:module";

/** What llhttp (the parser of Node itself, as undici ships it) makes of a request: a second opinion for fuzzing, nothing else. */
export interface Llhttp {
  /** Null when llhttp refuses the bytes, or finds no complete message in them. */
  parseRequest(bytes: Uint8Array): LlhttpRequest | null;
}

export interface LlhttpRequest {
  readonly target: string;
  /** Lower-case names with values, in order; trailers at the end. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
  readonly keepAlive: boolean;
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(size: number): number;
  free(pointer: number): void;
  llhttp_alloc(type: number): number;
  llhttp_free(parser: number): void;
  llhttp_execute(parser: number, pointer: number, length: number): number;
}

/** The part of the WebAssembly API used here; its types are in none of the libraries this project compiles against. */
interface WasmApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

const { WebAssembly: wasmApi } = globalThis as unknown as { readonly WebAssembly: WasmApi };
const TYPE_REQUEST = 1;
const PAUSED_UPGRADE = 22;

/** Loads llhttp from undici's package. */
export function loadLlhttp(): Llhttp {
  const wasm = createRequire(import.meta.url)("undici/lib/llhttp/llhttp-wasm.js") as Buffer<ArrayBuffer>;
  let message = new Recorder();
  const text = (at: number, length: number) => Buffer.from(exports.memory.buffer, at, length).toString("latin1");
  const env = {
    wasm_on_url: (_: number, at: number, length: number) => message.add("target", text(at, length)),
    wasm_on_status: () => 0,
    wasm_on_message_begin: () => 0,
    wasm_on_header_field: (_: number, at: number, length: number) => message.add("name", text(at, length)),
    wasm_on_header_value: (_: number, at: number, length: number) => message.add("value", text(at, length)),
    wasm_on_headers_complete: (_: number, _status: number, _upgrade: number, keepAlive: number) =>
      message.headComplete(keepAlive),
    wasm_on_body: (_: number, at: number, length: number) => message.add("body", text(at, length)),
    wasm_on_message_complete: () => message.complete(),
  };
  const instance = new wasmApi.Instance(new wasmApi.Module(wasm), { env });
  const exports = instance.exports as Exports;
  return {
    parseRequest(bytes) {
      message = new Recorder();
      const parser = exports.llhttp_alloc(TYPE_REQUEST);
      const pointer = exports.malloc(bytes.length);
      new Uint8Array(exports.memory.buffer, pointer, bytes.length).set(bytes);
      const result = exports.llhttp_execute(parser, pointer, bytes.length);
      exports.free(pointer);
      exports.llhttp_free(parser);
      return (result === 0 || result === PAUSED_UPGRADE) && message.isComplete ? message : null;
    },
  };
}

/** Collects the callbacks of the first message. llhttp may report one string in several spans. */
class Recorder implements LlhttpRequest {
  target = "";
  readonly fields: [string, string][] = [];
  body = "";
  keepAlive = false;
  isComplete = false;
  #last = "";

  add(what: "target" | "name" | "value" | "body", text: string): number {
    if (this.isComplete) return 0;
    if (what === "target" || what === "body") this[what] += text;
    else if (what === "name" && this.#last !== "name") this.fields.push([text.toLowerCase(), ""]);
    else {
      const field = this.fields.at(-1);
      if (field !== undefined) field[what === "name" ? 0 : 1] += what === "name" ? text.toLowerCase() : text;
    }
    this.#last = what;
    return 0;
  }

  headComplete(keepAlive: number): number {
    if (!this.isComplete) this.keepAlive = keepAlive !== 0;
    return 0;
  }

  complete(): number {
    this.isComplete = true;
    return 0;
  }
}

import { create, createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { GenService } from "@bufbuild/protobuf/codegenv2";
import { BytesValueSchema, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

const BYTES = ".google.protobuf.BytesValue";

/** A service with one method of each kind gRPC has. Every message is bytes. */
const file = create(FileDescriptorProtoSchema, {
  name: "echo.proto",
  package: "fairway.test",
  syntax: "proto3",
  dependency: ["google/protobuf/wrappers.proto"],
  service: [
    {
      name: "Echo",
      method: [
        { name: "Unary", inputType: BYTES, outputType: BYTES },
        { name: "Collect", inputType: BYTES, outputType: BYTES, clientStreaming: true },
        { name: "Repeat", inputType: BYTES, outputType: BYTES, serverStreaming: true },
        { name: "Chat", inputType: BYTES, outputType: BYTES, clientStreaming: true, serverStreaming: true },
      ],
    },
  ],
});

type Bytes = typeof BytesValueSchema;

/** The service, with the types of its methods. */
export type Echo = GenService<{
  unary: { methodKind: "unary"; input: Bytes; output: Bytes };
  collect: { methodKind: "client_streaming"; input: Bytes; output: Bytes };
  repeat: { methodKind: "server_streaming"; input: Bytes; output: Bytes };
  chat: { methodKind: "bidi_streaming"; input: Bytes; output: Bytes };
}>;

const wrappers = BytesValueSchema.file;
const registry = createFileRegistry(file, (name) => (name === wrappers.proto.name ? wrappers : undefined));
export const ECHO = registry.getService("fairway.test.Echo") as unknown as Echo;

export function encode(bytes: Uint8Array): Buffer {
  return Buffer.from(toBinary(BytesValueSchema, create(BytesValueSchema, { value: bytes })));
}

export function decode(bytes: Uint8Array): Buffer {
  return Buffer.from(fromBinary(BytesValueSchema, bytes).value);
}

/** A first message that asks for something else than an echo. */
export const ASK = { fail: Buffer.from("fail"), hang: Buffer.from("hang") } as const;
/** How a call that asks to fail does. */
export const REFUSAL = { code: 9, message: "not today – 100 % sure" } as const;

/** A server of the service, of some implementation. Each call's metadata comes back: `x-asked` in the head, and in the trailers. */
export interface EchoServer {
  readonly port: number;
  /** Calls whose end the client did not wait for. */
  cancelled(): number;
  close(): Promise<void>;
}

/** How a call ended. */
export interface Ended {
  readonly messages: readonly Buffer[];
  /** 0: well. */
  readonly code: number;
  readonly message: string;
  readonly head: string;
  readonly trailer: string;
}

export interface CallOptions {
  readonly timeoutMs?: number;
  /** Cancels when it aborts. */
  readonly signal?: AbortSignal;
}

/** A client of the service, of some implementation. */
export interface EchoClient {
  unary(message: Buffer, options?: CallOptions): Promise<Ended>;
  collect(messages: readonly Buffer[], options?: CallOptions): Promise<Ended>;
  repeat(message: Buffer, options?: CallOptions): Promise<Ended>;
  /** Sends each message when the one before has come back. */
  chat(messages: readonly Buffer[], options?: CallOptions): Promise<Ended>;
  close(): void;
}

/** What a server that repeats sends for one message. */
export const REPEATS = 3;

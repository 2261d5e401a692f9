import type { EventEmitter } from "node:events";
import {
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import {
  ASK,
  type CallOptions,
  decode,
  type EchoClient,
  type EchoServer,
  type Ended,
  encode,
  REFUSAL,
  REPEATS,
} from "./echo-service.ts";

const DEFINITION: ServiceDefinition = Object.fromEntries(
  (
    [
      ["unary", false, false],
      ["collect", true, false],
      ["repeat", false, true],
      ["chat", true, true],
    ] as const
  ).map(([name, requestStream, responseStream]) => [
    name,
    {
      path: `/fairway.test.Echo/${name[0]?.toUpperCase()}${name.slice(1)}`,
      requestStream,
      responseStream,
      requestSerialize: encode,
      requestDeserialize: decode,
      responseSerialize: encode,
      responseDeserialize: decode,
    },
  ]),
);

type AnyCall =
  | ServerUnaryCall<Buffer, Buffer>
  | ServerReadableStream<Buffer, Buffer>
  | ServerWritableStream<Buffer, Buffer>
  | ServerDuplexStream<Buffer, Buffer>;

/** The service on grpc-js. */
export async function grpcJsServer(): Promise<EchoServer> {
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  let cancelled = 0;
  const greet = (call: AnyCall): Metadata => {
    (call as EventEmitter).on("cancelled", () => cancelled++);
    const asked = String(call.metadata.get("x-asked")[0] ?? "");
    const head = new Metadata();
    head.set("x-asked", asked);
    call.sendMetadata(head);
    const trailer = new Metadata();
    trailer.set("x-told", asked);
    return trailer;
  };
  server.addService(DEFINITION, {
    unary(call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
      if (call.request.equals(ASK.fail)) return done({ code: REFUSAL.code, details: REFUSAL.message });
      const trailer = greet(call);
      if (!call.request.equals(ASK.hang)) done(null, call.request, trailer);
    },
    collect(call: ServerReadableStream<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
      const trailer = greet(call);
      const parts: Buffer[] = [];
      call.on("data", (part: Buffer) => parts.push(part));
      call.on("end", () => done(null, Buffer.concat(parts), trailer));
    },
    repeat(call: ServerWritableStream<Buffer, Buffer>) {
      const trailer = greet(call);
      for (let i = 0; i < REPEATS; i++) call.write(call.request);
      if (!call.request.equals(ASK.hang)) call.end(trailer);
    },
    chat(call: ServerDuplexStream<Buffer, Buffer>) {
      const trailer = greet(call);
      call.on("data", (part: Buffer) => call.write(part));
      call.on("end", () => call.end(trailer));
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return {
    port,
    cancelled: () => cancelled,
    close: async () => server.forceShutdown(),
  };
}

type Call = ClientUnaryCall | ClientReadableStream<Buffer> | ClientWritableStream<Buffer> | ClientDuplexStream<Buffer, Buffer>;
type Method = (...args: unknown[]) => Call;

/** A client on grpc-js. `authority` is what it asks for; without it, the address. */
export function grpcJsClient(port: number, host = "127.0.0.1", authority?: string): EchoClient {
  const Constructor = makeGenericClientConstructor(DEFINITION, "Echo");
  const client = new Constructor(`${host}:${port}`, credentials.createInsecure(), {
    ...(authority === undefined ? {} : { "grpc.default_authority": authority }),
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.enable_retries": 0,
  });
  const call = (
    name: string,
    options: CallOptions,
    message: Buffer | null,
    drive: (made: Call, got: Buffer[]) => void,
  ): Promise<Ended> => {
    const metadata = new Metadata();
    metadata.set("x-asked", "something");
    const deadline = options.timeoutMs === undefined ? {} : { deadline: Date.now() + options.timeoutMs };
    const got: Buffer[] = [];
    const answersOnce = name === "unary" || name === "collect";
    const take = (_error: unknown, response?: Buffer): void => {
      if (response !== undefined) got.push(response);
    };
    const made = (client[name] as unknown as Method).call(
      client,
      ...(message === null ? [] : [message]),
      metadata,
      deadline,
      ...(answersOnce ? [take] : []),
    );
    options.signal?.addEventListener("abort", () => made.cancel());
    const events: EventEmitter = made;
    events.on("error", () => {});
    if (!answersOnce) events.on("data", (data: Buffer) => got.push(data));
    drive(made, got);
    return new Promise((resolve) => {
      let head = "";
      made.on("metadata", (given: Metadata) => {
        head = String(given.get("x-asked")[0] ?? "");
      });
      made.on("status", ({ code, details, metadata: trailers }) => {
        const trailer = String(trailers.get("x-told")[0] ?? "");
        // The last message of a call may be told after its status.
        setImmediate(() => resolve({ messages: got, code, message: code === status.OK ? "" : details, head, trailer }));
      });
    });
  };
  return {
    unary: (message, options = {}) => call("unary", options, message, () => {}),
    repeat: (message, options = {}) => call("repeat", options, message, () => {}),
    collect: (messages, options = {}) =>
      call("collect", options, null, (made) => {
        for (const message of messages) (made as ClientWritableStream<Buffer>).write(message);
        (made as ClientWritableStream<Buffer>).end();
      }),
    chat: (messages, options = {}) =>
      call("chat", options, null, (given, got) => {
        const made = given as ClientDuplexStream<Buffer, Buffer>;
        const next = (): void => {
          const message = messages[got.length];
          if (message === undefined) made.end();
          else made.write(message);
        };
        made.on("data", next);
        next();
      }),
    close: () => client.close(),
  };
}

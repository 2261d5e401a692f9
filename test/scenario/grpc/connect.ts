import { createServer, type Http2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { create } from "@bufbuild/protobuf";
import { type BytesValue, BytesValueSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter, createClient, type HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter, createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { ASK, type CallOptions, ECHO, type EchoClient, type EchoServer, type Ended, REFUSAL, REPEATS } from "./echo-service.ts";

/** The service on Connect for Node; on any free port without one. */
export async function connectServer(port = 0, host = "127.0.0.1"): Promise<EchoServer> {
  let cancelled = 0;
  const greet = (context: HandlerContext): void => {
    const asked = context.requestHeader.get("x-asked") ?? "";
    context.responseHeader.set("x-asked", asked);
    context.responseTrailer.set("x-told", asked);
  };
  const untilCancelled = (context: HandlerContext): Promise<void> =>
    new Promise((_, reject) =>
      context.signal.addEventListener("abort", () => {
        cancelled++;
        reject(new ConnectError("gone", Code.Canceled));
      }),
    );
  const routes = (router: ConnectRouter): ConnectRouter =>
    router.service(ECHO, {
      async unary(request, context) {
        greet(context);
        const value = Buffer.from(request.value);
        if (value.equals(ASK.fail)) throw new ConnectError(REFUSAL.message, REFUSAL.code);
        if (value.equals(ASK.hang)) await untilCancelled(context);
        return request;
      },
      async collect(requests, context) {
        greet(context);
        const parts: Uint8Array[] = [];
        for await (const { value } of requests) parts.push(value);
        return create(BytesValueSchema, { value: Buffer.concat(parts) });
      },
      async *repeat(request, context) {
        greet(context);
        for (let i = 0; i < REPEATS; i++) yield request;
        if (Buffer.from(request.value).equals(ASK.hang)) await untilCancelled(context);
      },
      async *chat(requests, context) {
        greet(context);
        yield* requests;
      },
    });
  const server = createServer(connectNodeAdapter({ routes, readMaxBytes: 2 ** 30 }));
  const sessions = new Set<Http2Session>();
  server.on("session", (session) => sessions.add(session));
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cancelled: () => cancelled,
    async close() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

/** A client on Connect for Node, which speaks gRPC's own protocol here. */
export function connectClient(port: number): EchoClient {
  const baseUrl = `http://127.0.0.1:${port}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  const client = createClient(
    ECHO,
    createGrpcTransport({ baseUrl, sessionManager, readMaxBytes: 2 ** 30, writeMaxBytes: 2 ** 30 }),
  );
  type Drive = (options: object, got: Buffer[]) => Promise<unknown>;
  const call = async ({ timeoutMs, signal }: CallOptions, drive: Drive): Promise<Ended> => {
    const got: Buffer[] = [];
    let head = "";
    let trailer = "";
    const options = {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(signal === undefined ? {} : { signal }),
      headers: { "x-asked": "something" },
      onHeader: (headers: Headers) => {
        head = headers.get("x-asked") ?? "";
      },
      onTrailer: (trailers: Headers) => {
        trailer = trailers.get("x-told") ?? "";
      },
    };
    try {
      await drive(options, got);
      return { messages: got, code: 0, message: "", head, trailer };
    } catch (error) {
      const { code, rawMessage } = ConnectError.from(error);
      return { messages: got, code, message: rawMessage, head, trailer };
    }
  };
  const bytes = ({ value }: BytesValue): Buffer => Buffer.from(value);
  const message = (value: Buffer): BytesValue => create(BytesValueSchema, { value });
  return {
    unary: (value, options = {}) =>
      call(options, async (given, got) => got.push(bytes(await client.unary(message(value), given)))),
    collect: (values, options = {}) =>
      call(options, async (given, got) => {
        async function* all(): AsyncGenerator<BytesValue> {
          for (const value of values) yield message(value);
        }
        got.push(bytes(await client.collect(all(), given)));
      }),
    repeat: (value, options = {}) =>
      call(options, async (given, got) => {
        for await (const response of client.repeat(message(value), given)) got.push(bytes(response));
      }),
    chat: (values, options = {}) =>
      call(options, async (given, got) => {
        let onCame: () => void = () => {};
        async function* inTurn(): AsyncGenerator<BytesValue> {
          for (const value of values) {
            const came = new Promise<void>((resolve) => {
              onCame = resolve;
            });
            yield message(value);
            await came;
          }
        }
        for await (const response of client.chat(inTurn(), given)) {
          got.push(bytes(response));
          onCame();
        }
      }),
    close: () => sessionManager.abort(),
  };
}

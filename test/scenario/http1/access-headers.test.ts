import { expect, test } from "vitest";
import type { AnyMiddlewareModule } from "../../../src/extensions/middlewares/contract.ts";
import { ok } from "../../../src/kernel/result.ts";
import type { HeaderMode } from "../../../src/telemetry/access-log.ts";
import { middleware, Upstream } from "./harness.ts";
import { clientOf, eventually, proxyFor } from "./set-up.ts";

const ANSWER = [
  "HTTP/1.1 200 OK",
  "Content-Length: 2",
  "Connection: X-Hop",
  "X-Hop: 1",
  "X-Own: 1",
  "X-Gone: 1",
  "Set-Cookie: session=secret",
  "",
  "ok",
].join("\r\n");

/** A middleware that takes one header of a response away and adds one; on /own it answers itself. */
const EDITOR = {
  kind: "editor",
  prepare: () => ok(null),
  create: () => ({
    onRequest: ({ path }: { readonly path: string }) =>
      path === "/own"
        ? {
            status: 403,
            headers: [
              ["X-Gone", "1"],
              ["X-Reason", "no"],
            ],
            body: "",
          }
        : undefined,
    onResponse: (exchange: {
      removeResponseHeader(name: string): void;
      addResponseHeader(name: string, value: string): void;
    }) => {
      exchange.removeResponseHeader("x-gone");
      exchange.addResponseHeader("x-added", "1");
    },
  }),
} as unknown as AnyMiddlewareModule;

async function logged(
  responseHeaders: Readonly<Record<string, HeaderMode>>,
  targets: readonly string[],
): Promise<readonly unknown[]> {
  const upstream = await Upstream.answering(ANSWER);
  const editor = middleware("editor", "editor", null);
  const proxy = await proxyFor([upstream], {
    accessLog: { format: "json", fields: ["status", "responseHeaders"], headers: {}, responseHeaders },
    middlewares: { editor: EDITOR },
    more: [editor],
    router: { middlewares: [editor.id] },
  });
  const client = await clientOf(proxy);
  for (const target of targets) {
    client.send(`GET ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    await client.response();
  }
  await eventually(() => proxy.accessLines().length === targets.length);
  return proxy.accessLines().map((line) => JSON.parse(line));
}

test("the access log shows the response headers that the client was sent, as far as it is told to", async () => {
  const modes = { "*": "keep", "set-cookie": "redact" } as const;
  expect(await logged(modes, ["/", "/own", "/"])).toEqual([
    { status: 200, responseHeaders: { "content-length": "2", "x-own": "1", "set-cookie": "REDACTED", "x-added": "1" } },
    { status: 403, responseHeaders: { "x-gone": "1", "x-reason": "no" } },
    { status: 200, responseHeaders: { "content-length": "2", "x-own": "1", "set-cookie": "REDACTED", "x-added": "1" } },
  ]);
});

test("untold it shows none", async () => {
  expect(await logged({}, ["/"])).toEqual([{ status: 200, responseHeaders: {} }]);
});

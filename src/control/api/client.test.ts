import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeSelfSigned } from "../../kernel/self-signed.ts";
import { ApiError, ApiUnreachable, type WatchEvent } from "./api.ts";
import { ApiClient } from "./client.ts";

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let folder: string;
let server: Server | null = null;
let client: ApiClient | null = null;
const sockets = new Set<Socket>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairway-client-"));
});
afterEach(async () => {
  await client?.close();
  client = null;
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server?.close();
  server = null;
  rmSync(folder, { recursive: true });
});

/** A client of a server that answers as told. `user` and `cluster` go into the kubeconfig. */
async function serve(
  answer: Answer,
  { user = {}, tls }: { user?: object; tls?: { key: string; cert: string; ca: string } } = {},
) {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => answer(request, response, body));
  };
  server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(folder, "kubeconfig");
  const cluster =
    tls === undefined
      ? { server: `http://127.0.0.1:${port}/prefix/`, "insecure-skip-tls-verify": true }
      : {
          server: `https://127.0.0.1:${port}`,
          "tls-server-name": "api.test",
          "certificate-authority-data": Buffer.from(tls.ca).toString("base64"),
        };
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster }],
      users: [{ name: "u", user }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    }),
  );
  client = await ApiClient.open({ kubeconfig });
  return client;
}

const event = (name: string): string => `${JSON.stringify({ type: "ADDED", object: { metadata: { name } } })}\n`;

/** Reads a watch to its end: names of the events, and how it ended. */
async function watched(
  api: ApiClient,
  silenceMs = 5_000,
  names: string[] = [],
): Promise<{ readonly names: readonly string[]; readonly error: unknown }> {
  const options = { query: { resourceVersion: "7" }, silenceMs, signal: new AbortController().signal };
  try {
    for await (const { object } of api.watch("/api/v1/services", options) as AsyncIterable<WatchEvent>) {
      names.push(object.metadata.name);
    }
    return { names, error: null };
  } catch (error) {
    return { names, error };
  }
}

test("a request says what it wants, as whom, and gets the answer parsed", async () => {
  const seen: unknown[] = [];
  const api = await serve(
    ({ method, url, headers }, response, body) => {
      seen.push([method, url, headers.authorization, headers["content-type"], headers.accept, body]);
      response.end('{"metadata":{"name":"a"}}');
    },
    { user: { token: "secret-token" } },
  );
  expect(await api.request({ method: "GET", path: "/api/v1/x", query: { limit: 5, continue: "a b" } })).toMatchObject({
    metadata: { name: "a" },
  });
  await api.request({ method: "PATCH", path: "/api/v1/x", body: { a: 1 } });
  expect(seen).toEqual([
    ["GET", "/prefix/api/v1/x?limit=5&continue=a+b", "Bearer secret-token", undefined, "application/json", ""],
    ["PATCH", "/prefix/api/v1/x", "Bearer secret-token", "application/merge-patch+json", "application/json", '{"a":1}'],
  ]);
});

test("a refusal carries status, reason, message and how long to wait", async () => {
  const status = { kind: "Status", code: 429, reason: "TooManyRequests", message: "slow down" };
  const api = await serve((_, response) => {
    response.writeHead(429, { "retry-after": "3" }).end(JSON.stringify(status));
  });
  const error = await api.request({ method: "GET", path: "/x" }).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 429, reason: "TooManyRequests", message: "slow down", retryAfterMs: 3_000 });
});

test("a refusal in plain text is told in its words, an answer that is not JSON is no Kubernetes API", async () => {
  const api = await serve(({ url }, response) => {
    if (url?.endsWith("/missing")) response.writeHead(404).end("404 page not found\n");
    else response.end("<html>");
  });
  await expect(api.request({ method: "GET", path: "/missing" })).rejects.toMatchObject({
    status: 404,
    message: "404 page not found",
  });
  await expect(api.request({ method: "GET", path: "/" })).rejects.toThrow(/not JSON/);
});

test("a server that does not answer in time, or is not there, is unreachable", async () => {
  const api = await serve(() => {});
  const late = api.request({ method: "GET", path: "/x", timeoutMs: 30 });
  await expect(late).rejects.toBeInstanceOf(ApiUnreachable);
  await expect(late).rejects.toThrow("GET /x: no answer in 30 ms");
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server?.close(resolve));
  await expect(api.request({ method: "GET", path: "/x" })).rejects.toThrow(/ECONNREFUSED/);
});

test("a time limit may be what is left of another one: a fraction of a millisecond, or nothing", async () => {
  const api = await serve(({ url }, response) => {
    if (url?.endsWith("/quick")) response.end("{}");
  });
  expect(await api.request({ method: "GET", path: "/quick", timeoutMs: 4_375.610_885 })).toEqual({});
  for (const timeoutMs of [0.4, -3]) {
    await expect(api.request({ method: "GET", path: "/x", timeoutMs })).rejects.toBeInstanceOf(ApiUnreachable);
  }
});

test("events come as they are sent, however they are cut up, until the server ends the watch", async () => {
  const text = event("ä") + event("b") + event("c");
  const api = await serve(async ({ url }, response) => {
    expect(url).toBe("/prefix/api/v1/services?resourceVersion=7&watch=true");
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 10) {
      response.write(bytes.subarray(at, at + 10));
      await sleep(1);
    }
    response.end();
  });
  expect(await watched(api)).toEqual({ names: ["ä", "b", "c"], error: null });
});

test("a watch that is refused says why, and one that breaks, stalls or talks rubbish is unreachable", async () => {
  const ways: Answer[] = [
    (_, response) => void response.writeHead(403).end('{"kind":"Status","reason":"Forbidden","message":"no"}'),
    (_, response) => {
      response.write(event("a"));
      setTimeout(() => response.destroy(), 200);
    },
    (_, response) => void response.write(event("a")),
    (_, response) => void response.end(`${event("a")}not json\n`),
    (_, response) => void response.end(`${event("a")}${" ".repeat(17 * 1024 * 1024)}`),
  ];
  let way = 0;
  const api = await serve((...each) => ways[way++]?.(...each));
  expect(await watched(api)).toMatchObject({ names: [], error: { status: 403, reason: "Forbidden" } });
  for (const why of [/watch of/, /nothing came for 500 ms/, /not JSON/, /longer than 16777216 bytes/]) {
    const { names, error } = await watched(api, why.source.includes("500") ? 500 : 20_000);
    expect(names).toEqual(["a"]);
    expect(error).toBeInstanceOf(ApiUnreachable);
    expect((error as Error).message).toMatch(why);
  }
});

test("once the server was unreachable and is back, watches that heard nothing meanwhile are broken off", async () => {
  let isAway = false;
  const api = await serve(({ url }, response) => {
    if (url?.includes("watch=true")) response.write(event("a"));
    else if (!isAway) response.end("{}");
  });
  const names: string[] = [];
  const quiet = watched(api, 20_000, names);
  await expect.poll(() => names).toEqual(["a"]);
  isAway = true;
  await expect(api.request({ method: "GET", path: "/x", timeoutMs: 30 })).rejects.toBeInstanceOf(ApiUnreachable);
  isAway = false;
  await api.request({ method: "GET", path: "/x" });
  const { error } = await quiet;
  expect((error as Error).message).toMatch(/could not be reached meanwhile/);
});

test("a watch leaves the idle connection to requests, which find out on it that the way is dead", async () => {
  const dead = new Set<unknown>();
  const api = await serve(({ url, socket }, response) => {
    if (dead.has(socket)) return;
    if (url?.includes("watch=true")) response.write(event("a"));
    else response.end("{}");
  });
  await api.request({ method: "GET", path: "/x" });
  const names: string[] = [];
  const quiet = watched(api, 20_000, names);
  await expect.poll(() => names).toEqual(["a"]);
  for (const socket of sockets) dead.add(socket);
  await expect(api.request({ method: "GET", path: "/x", timeoutMs: 200 })).rejects.toBeInstanceOf(ApiUnreachable);
  expect(await api.request({ method: "GET", path: "/x" })).toEqual({});
  expect(((await quiet).error as Error).message).toMatch(/could not be reached meanwhile/);
});

test("a watch that is broken off before it was answered says nothing more about the server", async () => {
  let isAway = false;
  let watches = 0;
  const api = await serve(({ url }, response) => {
    if (url?.includes("watch=true")) watches++ > 0 && response.write(event("a"));
    else if (!isAway) response.end("{}");
  });
  const unanswered = watched(api, 20_000);
  await expect.poll(() => watches).toBe(1);
  isAway = true;
  await expect(api.request({ method: "GET", path: "/x", timeoutMs: 30 })).rejects.toBeInstanceOf(ApiUnreachable);
  isAway = false;
  const names: string[] = [];
  const quiet = watched(api, 500, names);
  await expect.poll(() => names).toEqual(["a"]);
  expect(((await unanswered).error as Error).message).toMatch(/could not be reached meanwhile/);
  await api.request({ method: "GET", path: "/x" });
  expect(((await quiet).error as Error).message).toMatch(/nothing came for 500 ms/);
});

test("a request without an answer costs the idle connections, which may be as dead", async () => {
  let isAway = false;
  const api = await serve(({ socket, url }, response) => {
    if (url?.endsWith("/slow")) return;
    if (!isAway || !dead.has(socket)) setTimeout(() => response.end("{}"), 20);
  });
  const dead = new Set<unknown>();
  await Promise.all(Array.from({ length: 5 }, () => api.request({ method: "GET", path: "/x" })));
  expect(sockets.size).toBe(5);
  for (const socket of sockets) dead.add(socket);
  isAway = true;
  await expect(api.request({ method: "GET", path: "/slow", timeoutMs: 30 })).rejects.toBeInstanceOf(ApiUnreachable);
  expect(await api.request({ method: "GET", path: "/x" })).toEqual({});
});

test("a request that its caller gives up says nothing about the server", async () => {
  const api = await serve(({ url }, response) => {
    if (url?.includes("watch=true")) response.write(event("a"));
    else if (url?.endsWith("/quick")) response.end("{}");
  });
  const names: string[] = [];
  const quiet = watched(api, 500, names);
  await expect.poll(() => names).toEqual(["a"]);
  await expect(api.request({ method: "GET", path: "/slow", signal: AbortSignal.timeout(10) })).rejects.toBeInstanceOf(
    ApiUnreachable,
  );
  await api.request({ method: "GET", path: "/quick" });
  expect(((await quiet).error as Error).message).toMatch(/nothing came for 500 ms/);
});

test("a token that is refused is read again, and the request made once more", async () => {
  const token = join(folder, "token");
  writeFileSync(token, "old\n");
  const seen: (string | undefined)[] = [];
  const api = await serve(
    ({ headers }, response) => {
      seen.push(headers.authorization);
      if (headers.authorization === "Bearer new") response.end("{}");
      else response.writeHead(401).end("{}");
    },
    { user: { "auth-provider": { name: "tokenFile", config: { tokenFile: token } } } },
  );
  await expect(api.request({ method: "GET", path: "/x" })).rejects.toMatchObject({ status: 401 });
  writeFileSync(token, "new\n");
  await api.request({ method: "GET", path: "/x" });
  expect(seen.slice(0, 2)).toEqual(["Bearer old", "Bearer old"]);
  expect(seen.at(-1)).toBe("Bearer new");
});

test("a server is spoken to over TLS with the authority of the kubeconfig, and with no other", async () => {
  const nowMs = Date.now();
  const wish = { names: ["api.test"], notBefore: new Date(nowMs - 60_000), notAfter: new Date(nowMs + 60_000) };
  const [own, other] = await Promise.all([
    makeSelfSigned({ ...wish, commonName: "own" }),
    makeSelfSigned({ ...wish, commonName: "other" }),
  ]);
  const answer: Answer = (_, response) => void response.end("{}");
  const api = await serve(answer, { tls: { key: own.keyPem, cert: own.chainPem, ca: own.chainPem } });
  expect(await api.request({ method: "GET", path: "/x" })).toEqual({});
  await api.close();
  server?.close();
  const deceived = await serve(answer, { tls: { key: own.keyPem, cert: own.chainPem, ca: other.chainPem } });
  await expect(deceived.request({ method: "GET", path: "/x" })).rejects.toThrow(/self-signed|certificate/);
});

import { expect, test } from "vitest";
import type { EntryPointPolicy } from "../../../src/model/entry-point.ts";
import { entryPoint, Upstream } from "./harness.ts";
import type { RawClient } from "./raw-client.ts";
import { clientOf, eventually, proxyFor } from "./set-up.ts";

/** What an entry point asks of its clients: at the bound, and one beyond. */

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

interface Case {
  readonly client: RawClient;
  readonly upstream: Upstream;
}

async function under(policy: EntryPointPolicy, trustedProxies: readonly string[] = [], answer = OK): Promise<Case> {
  const upstream = await Upstream.answering(answer);
  const client = await clientOf(await proxyFor([upstream], { policy, trustedProxies, sweepMs: 20 }));
  return { client, upstream };
}

async function statusOf({ client }: Case, request: string): Promise<number> {
  client.send(request);
  return (await client.response()).status;
}

const get = (target = "/", ...fields: readonly string[]) =>
  `${[`GET ${target} HTTP/1.1`, "Host: a.test", ...fields].join("\r\n")}\r\n\r\n`;
const HEAD_BYTES = get("/", "X: ").length;

test.for([
  ["a head of as many bytes", { headBytesMax: 300 }, 200, get("/", `X: ${"x".repeat(300 - HEAD_BYTES)}`)],
  ["a head of one more", { headBytesMax: 300 }, 431, get("/", `X: ${"x".repeat(301 - HEAD_BYTES)}`)],
  ["a target of as many bytes", { targetBytesMax: 20 }, 200, get(`/${"x".repeat(19)}`)],
  ["a target of one more", { targetBytesMax: 20 }, 414, get(`/${"x".repeat(20)}`)],
  ["as many fields", { fieldsMax: 3 }, 200, get("/", "A: 1", "B: 2")],
  ["one field more", { fieldsMax: 3 }, 431, get("/", "A: 1", "B: 2", "C: 3")],
  ["a body of as many bytes", { bodyBytesMax: 5 }, 200, `${get("/", "Content-Length: 5")}12345`],
  ["a body of one more", { bodyBytesMax: 5 }, 413, get("/", "Content-Length: 6")],
  [
    "as many bytes in chunks",
    { bodyBytesMax: 5 },
    200,
    `${get("/", "Transfer-Encoding: chunked")}2\r\n12\r\n3\r\n345\r\n0\r\n\r\n`,
  ],
  ["a name with an underscore", { underscored: "reject" }, 400, get("/", "my_header: 1")],
  ["an alias with an underscore", { underscored: "reject" }, 400, get("/", "X_Forwarded_For: 1.2.3.4")],
  ["an underscore in a value", { underscored: "reject" }, 200, get("/", "A: my_value")],
  ["an escape that is let in", { allowedEscapes: "/" }, 200, get("/a%2fb")],
  ["an escape that is not", { allowedEscapes: "/" }, 400, get("/a%3bb")],
] as const)("%s under %j is answered %d", async ([, policy, status, request]) => {
  expect(await statusOf(await under(policy), request)).toBe(status);
});

test("a body in chunks that grows too long is answered 413, and the connection ends", async () => {
  const one = await under({ bodyBytesMax: 5 }, [], "");
  one.client.send(`${get("/", "Transfer-Encoding: chunked")}3\r\n123\r\n`);
  await eventually(() => one.upstream.received.length > 0);
  one.client.send("3\r\n456\r\n");
  const response = await one.client.response();
  expect([response.status, response.headers.connection]).toEqual([413, "close"]);
});

test("a connection ends with the last of the requests it may carry", async () => {
  const one = await under({ requestsPerConnectionMax: 2 });
  for (const connection of [undefined, "close"]) {
    one.client.send(get());
    expect((await one.client.response()).headers.connection).toBe(connection);
  }
  await one.client.untilEnd();
});

test("a connection that is old enough ends with the request in hand", async () => {
  const one = await under({ connectionAgeMs: 200 });
  one.client.send(get());
  expect((await one.client.response()).headers.connection).toBeUndefined();
  await new Promise((resolve) => setTimeout(resolve, 300));
  one.client.send(get());
  expect((await one.client.response()).headers.connection).toBe("close");
});

test("an idle connection ends when its entry point says so", async () => {
  const one = await under({ keepAliveMs: 100 });
  one.client.send(get());
  await one.client.response();
  await one.client.untilEnd();
});

test("paths stay as they came where slashes are kept and escapes let in", async () => {
  const one = await under({ keepsSlashes: true, allowedEscapes: "%/;" });
  for (const [target, canonical] of [
    ["//a//b/", "//a//b/"],
    ["/a//../b", "/a/b"],
    ["/a%2fb%3B%2541", "/a%2Fb%3B%2541"],
  ] as const) {
    expect(await statusOf(one, get(target))).toBe(200);
    expect(one.upstream.received.at(-1)).toContain(`GET ${canonical} HTTP/1.1`);
  }
});

test("names with underscores pass where they are kept, but for those that stand for something", async () => {
  const one = await under({ underscored: "keep" }, ["127.0.0.1"]);
  const fields = ["my_header: 1", "X_Forwarded_For: 1.2.3.4", "Content_Length: 5", "Transfer_Encoding: chunked"];
  expect(await statusOf(one, get("/", ...fields))).toBe(200);
  const [request = ""] = one.upstream.received;
  expect(request).toContain("my_header: 1\r\n");
  for (const field of fields.slice(1)) expect(request).not.toContain(field);
});

test("a field that Connection lists passes where it is let through, unless it is the engine's own", async () => {
  const one = await under({ keptFields: ["x-kept", "x-forwarded-for", "te"] });
  const fields = [
    "Connection: X-Kept, x-gone, TE",
    "X-Kept: 1",
    "x-kept: 2",
    "X-Gone: 1",
    "X-Forwarded-For: 1.2.3.4",
    "TE: trailers",
  ];
  expect(await statusOf(one, get("/", ...fields))).toBe(200);
  const [request = ""] = one.upstream.received;
  expect(request).toContain("X-Kept: 1\r\nx-kept: 2\r\n");
  expect(request).not.toMatch(/x-gone|1\.2\.3\.4/i);
});

test.for([
  [[], "", null],
  [["127.0.0.1"], "X-Forwarded-For: 10.0.0.1", "X-Forwarded-For: 10.0.0.1\r\n"],
] as const)("trusting %j, the client's address is hidden", async ([trusted, field, expected]) => {
  const one = await under({ hidesClientAddress: true }, trusted);
  expect(await statusOf(one, get("/", ...(field === "" ? [] : [field])))).toBe(200);
  const [request = ""] = one.upstream.received;
  if (expected === null) expect(request).not.toMatch(/x-forwarded-for/i);
  else expect(request).toContain(expected);
});

test("a connection keeps the policy it came under", async () => {
  const upstream = await Upstream.answering(OK);
  const proxy = await proxyFor([upstream]);
  const before = await clientOf(proxy);
  before.send(get("/", "A: 1"));
  expect((await before.response()).status).toBe(200);
  await proxy.apply([entryPoint("web", { policy: { fieldsMax: 1 } })]);
  before.send(get("/", "A: 1"));
  expect((await before.response()).status).toBe(200);
  const after = await clientOf(proxy);
  after.send(get("/", "A: 1"));
  expect((await after.response()).status).toBe(431);
});

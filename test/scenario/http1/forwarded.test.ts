import { expect, test } from "vitest";
import { Upstream } from "./harness.ts";
import { clientOf, proxyFor, type SetUp } from "./set-up.ts";

/** Sends a request with these header lines, and answers the header lines the server got, as `name: value`, names in lower case. */
async function forwarded(lines: readonly string[], setUp: SetUp = {}): Promise<string[]> {
  const upstream = await Upstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const client = await clientOf(await proxyFor([upstream], setUp));
  client.send(`GET / HTTP/1.1\r\n${["Host: a.test:8080", ...lines].join("\r\n")}\r\n\r\n`);
  expect((await client.response()).status).toBe(200);
  const [head = ""] = (upstream.received[0] as string).split("\r\n\r\n");
  const [, ...fields] = head.split("\r\n");
  return fields.map((field) => field.replace(/^[^:]+/, (name) => name.toLowerCase()));
}

const TRUSTED: SetUp = { trustedProxies: ["127.0.0.0/8"] };
const SPOOFED = [
  "X-Forwarded-For: 6.6.6.6",
  "x-forwarded-proto: https",
  "X-Forwarded-Host: evil.test",
  "X-Forwarded-Port: 666",
  "X-Forwarded-Server: evil",
  "X-Real-IP: 6.6.6.6",
  "X-Forwarded-Uri: /evil",
  "X-Forwarded-Method: EVIL",
  "X-Forwarded-Prefix: /evil",
  "X-Forwarded-Scheme: evil",
  "X-Scheme: evil",
  "X-Forwarded-Tls-Client-Cert: evil",
  "X-Forwarded-Tls-Client-Cert-Info: evil",
  "Forwarded: for=6.6.6.6",
];

test("a server learns who asks", async () => {
  const fields = await forwarded([]);
  expect(fields).toEqual(
    expect.arrayContaining([
      "host: a.test:8080",
      "x-forwarded-for: 127.0.0.1",
      "x-forwarded-host: a.test:8080",
      "x-forwarded-port: 8080",
      "x-forwarded-proto: http",
      "x-real-ip: 127.0.0.1",
    ]),
  );
  expect(fields.some((field) => /^x-forwarded-server: ./.test(field))).toBe(true);
  expect(fields).toHaveLength(7);
});

test("what an untrusted client says about itself is as if it had not said it, in every spelling", async () => {
  const underscored = SPOOFED.map((line) => line.replace(/^[^:]+/, (name) => name.replaceAll("-", "_")));
  const mixed = ["X_Forwarded-For: 6.6.6.6", "X-Forwarded_Proto: https"];
  expect(await forwarded([...SPOOFED, ...underscored, ...mixed])).toEqual(await forwarded([]));
});

test("what a trusted peer says stays, and its own address is added", async () => {
  const fields = await forwarded(
    [
      "X-Forwarded-For: 1.1.1.1",
      "X-Forwarded-For: 2.2.2.2",
      "X-Forwarded-Proto: https",
      "X-Forwarded-Prefix: /p",
      "Forwarded: for=1.1.1.1",
    ],
    TRUSTED,
  );
  expect(fields).toEqual(
    expect.arrayContaining([
      "x-forwarded-for: 1.1.1.1, 2.2.2.2, 127.0.0.1",
      "x-forwarded-proto: https",
      "x-forwarded-port: 8080",
      "x-forwarded-host: a.test:8080",
      "x-forwarded-prefix: /p",
      "forwarded: for=1.1.1.1",
      "x-real-ip: 127.0.0.1",
    ]),
  );
  expect(fields.filter((field) => field.startsWith("x-forwarded-for"))).toHaveLength(1);
});

test("a trusted peer's fields with underscores are dropped all the same", async () => {
  expect(await forwarded(["X_Forwarded_For: 6.6.6.6", "X_Forwarded_Prefix: /evil"], TRUSTED)).toEqual(await forwarded([]));
});

test("fields of this hop stay here, with what Connection names", async () => {
  const fields = await forwarded([
    "Connection: keep-alive, X-Private, close-not",
    "X-Private: secret",
    "Keep-Alive: timeout=5",
    "Proxy-Connection: keep-alive",
    "TE: trailers",
    "Trailer: X",
    "Proxy-Authorization: Basic eA==",
    "X-Public: yes",
  ]);
  expect(fields).toContain("x-public: yes");
  expect(fields).toHaveLength(8);
});

test("a client cannot strike our fields by naming them in Connection", async () => {
  expect(await forwarded(["Connection: X-Forwarded-For, X-Real-Ip, X-Forwarded-Proto, Host"])).toEqual(await forwarded([]));
});

test("names with underscores are dropped", async () => {
  expect(await forwarded(["user_id: 1", "Content_Length: 5", "Transfer_Encoding: chunked"])).toEqual(await forwarded([]));
});

test("the server's own address is its Host when the client's is not passed on", async () => {
  const fields = await forwarded([], { passHostHeader: false });
  expect(fields[0]).toMatch(/^host: 127\.0\.0\.1:\d+$/);
  expect(fields).toContain("x-forwarded-host: a.test:8080");
});

test("fields of the server's hop stay there too", async () => {
  const upstream = await Upstream.answering(
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\nTrailer: T\r\nDate: then\r\nServer: its own\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nok",
  );
  const client = await clientOf(await proxyFor([upstream]));
  client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  const { headers } = await client.response();
  expect(headers).toEqual({ "content-length": "2", date: "then", server: "its own", "set-cookie": "a=1, b=2" });
});

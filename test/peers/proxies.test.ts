import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RawClient } from "../scenario/http1/raw-client.ts";
import { type Chain, startChain } from "./chain.ts";
import { ALL_BYTES, Origin, sha256, type Told } from "./origin.ts";
import { isMissing } from "./program.ts";
import type { OtherProxyName } from "./proxies.ts";

const LARGE = ALL_BYTES;
const LARGE_BYTES = LARGE.length;

const OTHERS: readonly OtherProxyName[] = ["nginx", "haproxy", "caddy"];
const CHAINS = OTHERS.flatMap((other) => [
  { title: `${other} in front of us`, names: [other, "fairway"] as const, other },
  { title: `${other} behind us`, names: ["fairway", other] as const, other },
]);

describe.each(CHAINS)("$title", ({ names, other }) => {
  describe.skipIf(isMissing(other))("passes on", () => {
    let origin: Origin;
    let chain: Chain;

    beforeAll(async () => {
      origin = await Origin.start();
      chain = await startChain(names, origin.port);
    });

    afterAll(async () => {
      await chain.stop();
      origin.close();
    });

    const url = (path: string) => `http://127.0.0.1:${chain.port}${path}`;

    async function told(path: string, request: RequestInit = {}): Promise<Told> {
      const response = await fetch(url(path), request);
      expect(response.status).toBe(200);
      return (await response.json()) as Told;
    }

    test("the method, the target and fields of a request", async () => {
      const request = await told("/told/a?b=c&d=%2F", { method: "DELETE", headers: { "X-Some": "thing" } });
      expect(request).toMatchObject({ method: "DELETE", path: "/told/a?b=c&d=%2F", bytes: 0 });
      expect(request.headers).toMatchObject({ "x-some": "thing", host: `127.0.0.1:${chain.port}` });
    });

    test("a large body whose length is told", async () => {
      const request = await told("/told", { method: "POST", body: LARGE });
      expect(request).toMatchObject({ bytes: LARGE_BYTES, sha256: sha256(LARGE) });
    });

    test("a large body in chunks", async () => {
      const body = new Blob([new Uint8Array(LARGE)]).stream();
      const request = await told("/told", { method: "PUT", body, duplex: "half" } as RequestInit);
      expect(request).toMatchObject({ bytes: LARGE_BYTES, sha256: sha256(LARGE) });
    });

    test.each(["length", "chunked"])("a large answer (%s)", async (how) => {
      const response = await fetch(url(`/${how}/${LARGE_BYTES}`));
      expect(sha256(Buffer.from(await response.arrayBuffer()))).toBe(sha256(LARGE));
    });

    test.each([204, 304, 404, 503])("the status %i", async (status) => {
      const response = await fetch(url(`/status/${status}`));
      expect({ status: response.status, etag: response.headers.get("etag"), body: await response.text() }).toEqual({
        status,
        etag: '"a"',
        body: "",
      });
    });

    test("an answer to HEAD without a body, and the next answer behind it", async () => {
      const client = await RawClient.connect(chain.port);
      client.send("HEAD /length/5 HTTP/1.1\r\nHost: a.test\r\n\r\nGET /length/4 HTTP/1.1\r\nHost: a.test\r\n\r\n");
      const head = await client.response("HEAD");
      const get = await client.response();
      expect([head.status, head.headers["content-length"], get.status, get.body.length]).toEqual([200, "5", 200, 4]);
      client.close();
    });

    test("many requests of many clients at once, each with its own answer", async () => {
      const paths = Array.from({ length: 300 }, (_, i) => `/told/${i}`);
      const answers = await Promise.all(paths.map(async (path) => (await told(path, { method: "POST", body: path })).path));
      expect(answers).toEqual(paths);
    });

    test("that the client has gone away in the middle of its body", async () => {
      const client = await RawClient.connect(chain.port);
      const { begun, aborted } = origin;
      client.send(`POST /told HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${LARGE_BYTES}\r\n\r\n`);
      client.send(LARGE.subarray(0, LARGE_BYTES / 2));
      // nginx takes all of a body before it asks a server.
      if (other !== "nginx") await expect.poll(() => origin.begun, { timeout: 10_000 }).toBe(begun + 1);
      client.socket.resetAndDestroy();
      if (other !== "nginx") await expect.poll(() => origin.aborted, { timeout: 10_000 }).toBe(aborted + 1);
      expect((await told("/told")).bytes).toBe(0);
    });
  });
});

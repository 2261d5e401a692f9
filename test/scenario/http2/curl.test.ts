import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ANY, entryPoint, route, TestProxy, Upstream } from "../http1/harness.ts";
import { afterTest, READ_MODES } from "../http1/set-up.ts";

const run = promisify(execFile);

/** What curl says to these arguments. */
async function curl(args: readonly string[]): Promise<string> {
  const { stdout } = await run("curl", ["-sSk", "--max-time", "5", ...args]);
  return stdout;
}

test.each(READ_MODES)("curl speaks HTTP/2 by prior knowledge (%s reads)", async (readMode) => {
  const upstream = await Upstream.answering(
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Server: one\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\nok\n",
  );
  afterTest(() => upstream.close());
  const proxy = await TestProxy.start({ readMode }, [entryPoint("web"), ...route("app", ANY, [upstream.server])]);
  afterTest(() => proxy.close());
  const out = await curl(["--http2-prior-knowledge", "-i", "--path-as-is", `http://127.0.0.1:${proxy.port()}/x/../d?b=c`]);
  expect(out).toMatch(/^HTTP\/2 200 \r\nx-server: one\r\ncontent-length: 3\r\ndate: .*\r\nserver: fairway\r\n\r\nok\n$/);
  expect(upstream.received.join("")).toMatch(/^GET \/d\?b=c HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n/);
});

test("over TLS, ALPN chooses between HTTP/2 and HTTP/1.1", async () => {
  const upstream = await Upstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  afterTest(() => upstream.close());
  const app = route("app", ANY, [upstream.server], { router: { entryPoints: ["secure"] } });
  const proxy = await TestProxy.start({}, [entryPoint("secure", { tls: true }), ...app]);
  afterTest(() => proxy.close());
  const url = `https://127.0.0.1:${proxy.port("secure")}/`;
  expect(await curl(["--http2", "-w", " %{http_version}", url])).toBe("ok 2");
  expect(await curl(["--http1.1", "-w", " %{http_version}", url])).toBe("ok 1.1");
});

test("a body goes to a server as it comes, whether its length is told or not", async () => {
  const upstream = await Upstream.start((socket, received) => {
    if (received.endsWith("0\r\n\r\n") || received.endsWith("\r\n\r\nhello"))
      socket.write("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
  });
  afterTest(() => upstream.close());
  const proxy = await TestProxy.start({}, [entryPoint("web"), ...route("app", ANY, [upstream.server])]);
  afterTest(() => proxy.close());
  const url = `http://127.0.0.1:${proxy.port()}/`;
  const told = ["--http2-prior-knowledge", "-w", "%{http_code}", "-d", "hello", url];
  expect(await curl(told)).toBe("201");
  expect(await curl([...told, "-H", "Content-Length:"])).toBe("201");
  const text = upstream.received.join("");
  expect(text).toMatch(/Content-Length: 5\r\n\r\nhello/);
  expect(text).toMatch(/Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n/);
});

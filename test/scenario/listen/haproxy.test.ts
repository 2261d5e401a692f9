import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { expect, test } from "vitest";
import { freePort, isMissing, Program, scratchFolder } from "../../peers/program.ts";
import { type TestProxy, Upstream } from "../http1/harness.ts";
import { RawClient } from "../http1/raw-client.ts";
import { afterTest, eventually, proxyFor } from "../http1/set-up.ts";

/** The PROXY protocol as the program speaks it that it comes from. */

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CLIENT = "127.0.0.2";
const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

/** A TCP load balancer that names its clients in this way, and checks whether we live. Answers its port. */
async function balancerBefore(proxy: TestProxy, sends: string, check: string): Promise<number> {
  const [port, folder] = [await freePort(), scratchFolder("haproxy")];
  const file = join(folder.path, "haproxy.cfg");
  writeFileSync(
    file,
    `global
  maxconn 100
defaults
  mode tcp
  timeout connect 5s
  timeout client 10s
  timeout server 10s
frontend web
  bind 127.0.0.1:${port}
  default_backend server
backend server
  ${check === "" ? "" : "option httpchk GET /\n  http-check send hdr Host check.test"}
  server one 127.0.0.1:${proxy.port()} ${sends} ${check}
`,
  );
  const program = await Program.start("haproxy", ["-db", "-f", file], port, folder.remove);
  afterTest(() => program.stop());
  return port;
}

async function proxyBehind(tls: boolean): Promise<{ readonly proxy: TestProxy; readonly upstream: Upstream }> {
  const upstream = await Upstream.answering(OK);
  return { upstream, proxy: await proxyFor([upstream], { entryPoint: { tls, proxyProtocolFrom: ["127.0.0.1"] } }) };
}

function clientsOf({ received }: Upstream): readonly (string | undefined)[] {
  return received.flatMap((text) => [...text.matchAll(/x-forwarded-for: (.*)\r/gi)].map(([, client]) => client));
}

test.skipIf(isMissing("haproxy")).for([
  ["send-proxy", "check check-send-proxy inter 100ms"],
  ["send-proxy-v2", "check check-send-proxy inter 100ms"],
  ["send-proxy-v2 proxy-v2-options unique-id,crc32c", ""],
] as const)("HAProxy with %s says who its client is", async ([sends, check]) => {
  const { proxy, upstream } = await proxyBehind(false);
  const port = await balancerBefore(proxy, sends, check);
  const client = await RawClient.over(connect({ port, host: "127.0.0.1", localAddress: CLIENT, allowHalfOpen: true }));
  afterTest(() => client.close());
  for (let turn = 0; turn < 3; turn++) {
    client.send(GET);
    expect((await client.response()).status).toBe(200);
  }
  await eventually(() => clientsOf(upstream).filter((one) => one === CLIENT).length === 3);
  // Its checks are its own: LOCAL, or its own address.
  if (check !== "") await eventually(() => clientsOf(upstream).filter((one) => one === "127.0.0.1").length > 2);
  // `Program.start` looked whether HAProxy listens, and went without a word.
  expect(proxy.count("proxyHeadersRefused")).toBe(0);
});

test.skipIf(isMissing("haproxy")).for(["send-proxy", "send-proxy-v2"])(
  "HAProxy with %s passes TLS on behind its header",
  async (sends) => {
    const { proxy, upstream } = await proxyBehind(true);
    const port = await balancerBefore(proxy, sends, "");
    const socket = connectTls({ port, host: "127.0.0.1", localAddress: CLIENT, rejectUnauthorized: false } as object);
    afterTest(() => socket.destroy());
    let received = "";
    socket.on("data", (data) => {
      received += data;
    });
    socket.write(GET);
    await eventually(() => received.includes("200 OK"));
    expect(clientsOf(upstream)).toEqual([CLIENT]);
  },
);

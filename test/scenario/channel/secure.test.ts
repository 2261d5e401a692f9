import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { createConnection } from "node:net";
import { type ConnectionOptions, connect } from "node:tls";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ChannelServer, PlaintextRefused } from "../../../src/channel/server.ts";
import { ENDLESS_TERM } from "../../../src/channel/term.ts";
import { ApiUnreachable } from "../../../src/control/api/api.ts";
import { makeAuthority } from "../../../src/control/auth/certificate-authority.ts";
import { SecureWorld } from "./secure-world.ts";
import { QUICK, until } from "./world.ts";

let secure: SecureWorld;

beforeEach(() => {
  secure = new SecureWorld();
  secure.tokens.set("good", {});
  secure.world.publish({ a: 1 });
});

afterEach(() => secure.stop());

test("a proxy with the token of its account gets that account's class without asking for it", async () => {
  const { url, answers } = await secure.operator();
  const { services, confirmed } = secure.proxy(url);
  await until("the snapshot is here", () => services.length === 1 && answers.length === 1);
  expect(services).toEqual([["a"]]);
  expect(answers[0]).toMatchObject({ proxyId: "proxy-0", class: "web" });
  const before = confirmed();
  await until("it hears again and again that this is the newest", () => confirmed() > before + 1);
});

test("a proxy talks to nobody whose certificate its bundle does not vouch for, or is for another name", async () => {
  const { url } = await secure.operator();
  const { certificatePem } = await makeAuthority(Date.now(), 86_400_000);
  const { events, services } = secure.proxy(url, { ca: certificatePem });
  await until("it has tried twice", () => events.length >= 2);
  expect(events[0]).toMatch(/^lost: .*certificate/);
  const other = await secure.operator({ names: ["fairway-operator.fairway-system.svc"] });
  const lost = secure.proxy(other.url, { proxyId: "proxy-1" });
  await until("it has tried", () => lost.events.length >= 1);
  expect(lost.events[0]).toMatch(/^lost: .*(altnames|ERR_TLS_CERT_ALTNAME_INVALID)/);
  expect([services, lost.services]).toEqual([[], []]);
});

test("a token that has run out is refused, and the proxy is back as soon as it has another one", async () => {
  const { url } = await secure.operator();
  const { events, services, files } = secure.proxy(url, { token: "old" });
  await until("it is refused", () => events.length >= 2);
  expect(new Set(events)).toEqual(new Set(["lost: the operator refused: the token is not good: token has expired"]));
  expect(services).toEqual([]);
  writeFileSync(files.tokenFile, "good");
  await until("it is served", () => services.length === 1);
});

test("who is refused is told why, and gets nothing", async () => {
  secure.tokens.set("for-the-API-server", { audience: "https://kubernetes.default.svc" });
  secure.tokens.set("of-another-account", { account: "shop:cart", pod: "proxy-1" });
  secure.tokens.set("of-another-Pod", { pod: "proxy-7" });
  const { url } = await secure.operator();
  const cases: readonly (readonly [Parameters<SecureWorld["proxy"]>[1], RegExp])[] = [
    [{ token: "for-the-API-server" }, /token audiences \["https:\/\/kubernetes.default.svc"\] is invalid/],
    [{ token: "of-another-account", proxyId: "proxy-1" }, /the proxies of no class run as ServiceAccount shop\/cart/],
    [{ token: "of-another-Pod", proxyId: "proxy-2" }, /calls itself "proxy-2", and its token is that of the Pod "proxy-7"/],
    [{ className: "internal" }, /has the class "web", and asks for "internal"/],
    [{ token: "" }, /a token is needed/],
  ];
  for (const [options, reason] of cases) {
    const { client, events, services } = secure.proxy(url, options);
    await until("it is refused", () => events.length > 0);
    client.stop();
    expect(events[0]).toMatch(reason);
    expect([events.includes("connected"), services]).toEqual([false, []]);
  }
});

test("a class that is taken from an account is taken from its proxies, too", async () => {
  const { url } = await secure.operator();
  const { services, events } = secure.proxy(url);
  await until("it is served", () => services.length === 1);
  secure.classes.set("fairway-system/fairway-proxy", []);
  await until("it is sent away", () => events.length > 1);
  expect(events[1]).toBe(
    "lost: the operator refused: the proxies of no class run as ServiceAccount fairway-system/fairway-proxy",
  );
  secure.world.publish({ secret: 1 });
  secure.classes.set("fairway-system/fairway-proxy", ["web"]);
  await until("it is served again", () => services.length === 2);
});

test("a token that ends while a stream lives ends the stream; with the next token nothing is missed", async () => {
  const { url } = await secure.operator({ timing: { ...QUICK, recheckMs: 60 } });
  const { services, events, files } = secure.proxy(url);
  await until("it is served", () => services.length === 1);
  secure.tokens.set("newer", {});
  secure.tokens.delete("good");
  writeFileSync(files.tokenFile, "newer");
  await until("it has come back", () => events.filter((event) => event === "connected").length > 1);
  expect(events).toContain("lost: the token is no longer good");
  secure.world.publish({ a: 2 });
  await until("the change is here", () => services.length === 2);
});

test("while the API server is away, proxies that were here moments ago are let in, and others told to come again", async () => {
  const { url, server } = await secure.operator();
  const known = secure.proxy(url);
  await until("it is served", () => known.services.length === 1);
  known.client.stop();
  await until("it has left", () => server.proxies === 0);
  secure.api.intercept = () => {
    throw new ApiUnreachable("connection refused");
  };
  secure.world.publish({ a: 1, b: 1 });
  const back = secure.proxy(url);
  await until("it is served again", () => back.services.length === 1);
  secure.tokens.set("never-seen", { pod: "proxy-1" });
  const stranger = secure.proxy(url, { proxyId: "proxy-1", token: "never-seen" });
  await until("it is told", () => stranger.events.length > 0);
  expect(stranger.events[0]).toMatch(/^lost: the operator cannot tell: the API server cannot be asked about the token/);
  secure.api.intercept = () => {};
  await until("it is served, too", () => stranger.services.length === 1);
});

test("a new authority and a new certificate end no stream, and count for those who come from then on", async () => {
  const { url, server } = await secure.operator();
  const live = secure.proxy(url);
  await until("it is served", () => live.services.length === 1);
  const oldBundle = secure.bundle;
  secure.api.remove("Secret", "fairway-system", "fairway-channel-ca");
  const second = await secure.operator();
  expect(secure.bundle).not.toBe(oldBundle);
  server.renewCertificate(await certificateOfNewAuthority());

  secure.tokens.set("of-another", { pod: "proxy-1" });
  const newcomer = secure.proxy(url, { proxyId: "proxy-1", token: "of-another" });
  await until("it is served", () => newcomer.services.length === 1);
  secure.tokens.set("of-a-third", { pod: "proxy-2" });
  const behind = secure.proxy(url, { proxyId: "proxy-2", token: "of-a-third", ca: oldBundle });
  await until("it is not let down to", () => behind.events.length > 0);
  expect(behind.events[0]).toMatch(/certificate/);
  secure.world.publish({ a: 2 });
  await until("the stream lives", () => live.services.length === 2);
  expect(live.events).toEqual(["connected"]);
  writeFileSync(behind.files.caFile, secure.bundle);
  await until("with the new bundle it is served", () => behind.services.length > 0);
  await second.server.close();
});

async function certificateOfNewAuthority() {
  const { ChannelCa } = await import("../../../src/control/auth/channel-ca.ts");
  const ca = new ChannelCa({
    api: secure.api,
    namespace: "fairway-system",
    server: { names: ["localhost"], addresses: [] },
    onCertificate: () => {},
    onProblem: () => {},
  });
  const certificate = await ca.start();
  ca.stop();
  return certificate;
}

test("a replica that does not serve names the one that does, and the proxy goes there at once", async () => {
  const [follower, holder] = [await secure.operator({ waits: true }), await secure.operator({ waits: true })];
  holder.server.serve(ENDLESS_TERM);
  follower.server.standAside(holder.address);
  const { services, events } = secure.proxy(follower.url);
  await until("it is served", () => services.length === 1);
  expect(events, "being sent on is no loss").toEqual(["connected"]);
  expect([follower.server.proxies, holder.server.proxies]).toEqual([0, 1]);
});

test("a proxy that is sent to somebody who is not there comes back and tries again", async () => {
  const follower = await secure.operator({ waits: true });
  follower.server.standAside("https://127.0.0.1:1");
  const { services, events } = secure.proxy(follower.url);
  await until("it has found nobody", () => events.length > 0);
  expect(events[0]).toMatch(/^lost: .*ECONNREFUSED/);
  follower.server.take();
  await until("it waits", () => events.at(-1) === "connected");
  expect(services).toEqual([]);
  follower.server.serve(ENDLESS_TERM);
  await until("it is served", () => services.length === 1);
});

test("a proxy whose connection nobody takes gives up in time, and tries again", async () => {
  const deaf = await deafPort();
  const { client, events } = secure.proxy(`https://localhost:${deaf.port}`, { timing: { ...QUICK, connectMs: 100 } });
  await until("it has tried three times", () => events.length > 2);
  expect(new Set(events)).toEqual(new Set(["lost: the operator has said nothing for 100 ms"]));
  client.stop();
  await deaf.close();
});

/** A port whose queue of connections is full and stays so: Linux lets whoever comes then wait, as for the address of a Pod that is gone. */
async function deafPort() {
  const listening = `
    const { parentPort } = require("node:worker_threads");
    const server = require("node:net").createServer().listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const thread = new Worker(listening, { eval: true });
  const [port] = (await once(thread, "message")) as [number];
  const fillers = Array.from({ length: 4 }, () => createConnection(port, "127.0.0.1").on("error", () => {}));
  await once(fillers[0]!, "connect");
  await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    port,
    close: async () => {
      for (const filler of fillers) filler.destroy();
      await thread.terminate();
    },
  };
}

test("a proxy is not sent round in circles, nor out of TLS", async () => {
  const [one, two] = [await secure.operator({ waits: true }), await secure.operator({ waits: true })];
  one.server.standAside(two.address);
  two.server.standAside(one.address);
  const { events } = secure.proxy(one.url);
  await until("it has given up once", () => events.length >= 2);
  expect(events[0]).toBe("lost: another replica serves");
  one.server.standAside("http://127.0.0.1:80");
  const before = events.length;
  await until("it has given up again", () => events.length > before + 1);
});

test("when the holder changes, proxies follow, and what they hold is not sent again", async () => {
  const [first, second] = [await secure.operator({ waits: true }), await secure.operator({ waits: true })];
  const term = (number: bigint) => ({ number, lease: "lease-1", isCurrent: () => true });
  first.server.serve(term(4n));
  second.server.standAside(first.address);
  const { services, events, client } = secure.proxy(second.url);
  await until("it is served", () => services.length === 1);
  second.server.serve(term(5n));
  first.server.standAside(second.address);
  await until("it is there", () => second.server.proxies === 1 && second.answers.length === 2);
  expect(second.answers.map(({ resumed, version }) => [resumed, version])).toEqual([
    [true, client.version],
    [false, client.version],
  ]);
  secure.world.publish({ a: 1, b: 1 });
  await until("the change is here", () => services.length === 2);
  expect(services[1]).toEqual(["b"]);
  expect(events).toEqual(["connected", "connected"]);
});

test("what comes from a holder that has been succeeded does not come after what its successor has said", async () => {
  const [first, second] = [await secure.operator({ waits: true }), await secure.operator({ waits: true })];
  const term = (number: bigint) => ({ number, lease: "lease-1", isCurrent: () => true });
  first.server.serve(term(4n));
  second.server.serve(term(5n));
  const { services, events } = secure.proxy(second.url);
  await until("it is served", () => services.length === 1);
  second.server.standAside(first.address);
  await until("it has been sent back", () => first.server.proxies === 1);
  await until(
    "it refuses the old term",
    () =>
      first.answers.some(({ whole }) => whole?.includes("has been succeeded") === true) ||
      first.answers.some(({ resumed }) => resumed),
  );
  secure.world.publish({ a: 1, stale: 1 });
  await until("it has refused", () => events.some((event) => event.includes("has been succeeded (term 4)")));
  expect(services.flat()).not.toContain("stale");
});

test("a holder whose term has run out publishes nothing, even before it is told", async () => {
  const { server, url } = await secure.operator({ waits: true });
  let isCurrent = true;
  server.serve({ number: 1n, lease: "lease-1", isCurrent: () => isCurrent });
  const { services, confirmed } = secure.proxy(url);
  await until("it is served", () => services.length === 1);
  isCurrent = false;
  secure.world.publish({ a: 2 });
  await until("some heartbeats have passed", () => confirmed() > 0);
  const before = confirmed();
  await new Promise((resolve) => setTimeout(resolve, 4 * QUICK.heartbeatMs));
  expect(services).toEqual([["a"]]);
  expect(confirmed(), "nor does it confirm what proxies hold").toBeLessThanOrEqual(before + 1);
});

test("the channel is TLS 1.3 or nothing", async () => {
  const { port } = await secure.operator();
  const refused = (options: ConnectionOptions) =>
    new Promise<string>((resolve) => {
      const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca: secure.bundle, ...options }, () => {
        resolve(socket.getProtocol() ?? "");
        socket.destroy();
      });
      socket.once("error", (error) => resolve(error.message));
    });
  expect(await refused({ ALPNProtocols: ["h2"] })).toBe("TLSv1.3");
  expect(await refused({ ALPNProtocols: ["h2"], maxVersion: "TLSv1.2" })).toMatch(/protocol version|alert/i);
  const plaintext = await new Promise<string>((resolve) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    session.once("error", (error) => resolve(error.message));
    session.once("close", () => resolve("closed"));
  });
  expect(plaintext).not.toBe("");
  const open = new ChannelServer({ source: secure.world });
  await expect(open.listen("0.0.0.0", 0)).rejects.toBeInstanceOf(PlaintextRefused);
});

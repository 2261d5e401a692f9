import { spawn, spawnSync } from "node:child_process";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import type { RawClient } from "../http1/raw-client.ts";
import { TestAuthority } from "./authority.ts";
import { routeFor, TlsWorld, tlsOption, tlsSecret } from "./tls-world.ts";

const authority = await TestAuthority.make("authority");
const RSA = await authority.issue("rsa", { names: ["a.test"], key: "rsa" });
const ECDSA = await authority.issue("ecdsa", { names: ["a.test"] });

/** A world with one route for a.test, under a TLSOption that says `spec`, with an ECDSA certificate and an RSA one. */
function worldWith(spec: object): Promise<TlsWorld> {
  return TlsWorld.start([
    tlsOption("special", spec),
    tlsSecret("rsa", RSA),
    tlsSecret("ecdsa", ECDSA),
    routeFor("app", "a.test", { options: { name: "special" }, secretName: "rsa" }),
    routeFor("more", "a.test", { options: { name: "special" }, secretName: "ecdsa" }, "2026-01-02T00:00:00Z"),
  ]);
}

/** What is agreed on with a client that says `options`; null when the handshake fails. */
async function agreed(world: TlsWorld, options: ConnectionOptions = {}) {
  let made: RawClient;
  try {
    made = await world.client("a.test", { ...options, ciphers: options.ciphers ?? "DEFAULT@SECLEVEL=0" });
  } catch {
    return null;
  }
  const socket = made.socket as TLSSocket;
  return {
    version: socket.getProtocol(),
    cipher: socket.getCipher().standardName,
    group: (socket.getEphemeralKeyInfo() as { name?: string } | null)?.name,
    protocol: socket.alpnProtocol,
    subject: socket.getPeerCertificate().subject?.CN,
  };
}

const only = (version: ConnectionOptions["minVersion"]): ConnectionOptions => {
  return version === undefined ? {} : { minVersion: version, maxVersion: version };
};

const EVERY = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;

test.for([
  [{}, ["TLSv1.2", "TLSv1.3"]],
  [{ minVersion: "VersionTLS13" }, ["TLSv1.3"]],
  [{ maxVersion: "VersionTLS12" }, ["TLSv1.2"]],
  [{ minVersion: "VersionTLS11" }, ["TLSv1.1", "TLSv1.2", "TLSv1.3"]],
  [{ minVersion: "VersionTLS10", maxVersion: "VersionTLS11" }, ["TLSv1", "TLSv1.1"]],
  [{ maxVersion: "VersionTLS11" }, ["TLSv1.1"]],
] as const)("%j allows exactly the versions %j", async ([spec, versions]) => {
  const world = await worldWith(spec);
  const got = await Promise.all(EVERY.map(async (version) => (await agreed(world, only(version)))?.version ?? null));
  expect(got.filter((version) => version !== null)).toEqual(versions);
});

test("cipher suites are those that are listed, by IANA's names; those of TLS 1.3 stay where none of them is", async () => {
  const world = await worldWith({ cipherSuites: ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_128_CBC_SHA"] });
  expect((await agreed(world, only("TLSv1.2")))?.cipher).toBe("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
  expect((await agreed(world, { ...only("TLSv1.2"), ciphers: "AES128-SHA@SECLEVEL=0" }))?.cipher).toBe(
    "TLS_RSA_WITH_AES_128_CBC_SHA",
  );
  expect(await agreed(world, { ...only("TLSv1.2"), ciphers: "ECDHE-RSA-AES128-GCM-SHA256" })).toBeNull();
  expect((await agreed(world, only("TLSv1.3")))?.cipher).toBe("TLS_AES_256_GCM_SHA384");
});

test("a suite of TLS 1.3 that is listed leaves no other of them", async () => {
  const world = await worldWith({ cipherSuites: ["TLS_CHACHA20_POLY1305_SHA256"], minVersion: "VersionTLS13" });
  expect((await agreed(world))?.cipher).toBe("TLS_CHACHA20_POLY1305_SHA256");
  expect(await agreed(world, { ...only("TLSv1.3"), ciphers: "TLS_AES_128_GCM_SHA256" })).toBeNull();
});

test("the order of the list is the order of preference, whatever the client likes", async () => {
  const suites = ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"];
  const client = { ...only("TLSv1.2"), ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256" };
  expect((await agreed(await worldWith({ cipherSuites: suites }), client))?.cipher).toBe(suites[0]);
  expect(
    (await agreed(await worldWith({ cipherSuites: suites.toReversed(), preferServerCipherSuites: true }), client))?.cipher,
  ).toBe(suites[1]);
});

test.for([
  ["CurveP384", "P-384", "X25519"],
  ["secp521r1", "P-521", "P-256"],
  ["X25519", "X25519", "P-256"],
  ["CurveP256", "P-256", "X25519"],
  ["X25519MLKEM768", "X25519MLKEM768", "X25519"],
  ["SecP256r1MLKEM768", "SecP256r1MLKEM768", "P-256"],
  ["SecP384r1MLKEM1024", "SecP384r1MLKEM1024", "P-384"],
] as const)("with curvePreferences %s, %s is agreed on and %s is not", async ([name, takes, refuses]) => {
  const world = await worldWith({ curvePreferences: [name] });
  expect(await agreed(world, { ecdhCurve: takes })).not.toBeNull();
  expect(await agreed(world, { ecdhCurve: refuses })).toBeNull();
});

test("protocols are those that are listed, in their order", async () => {
  const world = await worldWith({ alpnProtocols: ["http/1.1", "acme-tls/1"] });
  expect((await agreed(world, { ALPNProtocols: ["h2", "http/1.1"] }))?.protocol).toBe("http/1.1");
  expect(await agreed(world, { ALPNProtocols: ["acme-tls/1"] })).toBeNull();
  expect((await agreed(world))?.protocol).toBe(false);
});

test("with sniStrict there is no connection for names that nobody has a certificate for", async () => {
  const world = await TlsWorld.start([
    tlsOption("strict", { sniStrict: true }),
    tlsSecret("ecdsa", ECDSA),
    routeFor("app", "a.test", { options: { name: "strict" }, secretName: "ecdsa" }),
    routeFor("bare", "b.test", { options: { name: "strict" } }),
    routeFor("lenient", "c.test"),
  ]);
  expect(await Promise.all(["a.test", "b.test", "c.test"].map((host) => world.get(host)))).toEqual([200, "refused", 200]);
});

/** Two connections, the second with the session of the first; whether it resumed. */
async function resumes(world: TlsWorld, version: "TLSv1.2" | "TLSv1.3"): Promise<boolean> {
  const first = await world.client("a.test", only(version));
  let session: Buffer | undefined;
  (first.socket as TLSSocket).on("session", (each: Buffer) => {
    session = each;
  });
  first.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await first.response();
  // Before TLS 1.3 it is there with the handshake.
  if (version === "TLSv1.2") session = (first.socket as TLSSocket).getSession();
  if (session === undefined) return false;
  const second = await world.client("a.test", { ...only(version), session });
  second.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await second.response();
  return (second.socket as TLSSocket).isSessionReused();
}

test.for([
  [false, "TLSv1.2"],
  [false, "TLSv1.3"],
  [true, "TLSv1.2"],
  [true, "TLSv1.3"],
] as const)("with disableSessionTickets %s sessions resume, or do not, in %s", async ([disabled, version]) => {
  const world = await worldWith({ disableSessionTickets: disabled });
  expect(await resumes(world, version)).toBe(!disabled);
});

test("an ECDSA certificate and an RSA one of the same name stand side by side", async () => {
  const world = await worldWith({ minVersion: "VersionTLS12" });
  expect((await agreed(world, only("TLSv1.3")))?.subject).toBe("ecdsa");
  expect((await agreed(world, { ...only("TLSv1.3"), sigalgs: "rsa_pss_rsae_sha256" }))?.subject).toBe("rsa");
  expect((await agreed(world, { ...only("TLSv1.2"), ciphers: "ECDHE-RSA-AES128-GCM-SHA256" }))?.subject).toBe("rsa");
});

test.for([
  [{ cipherSuites: ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA265"] }, "spec.cipherSuites[0]", /TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256/],
  [{ cipherSuites: ["TLS_RSA_WITH_RC4_128_SHA"] }, "spec.cipherSuites[0]", /./],
  [{ alpnProtocols: ["spdy/3", "http/1.1"] }, "spec.alpnProtocols[0]", /http\/1\.1/],
] as const)("%j cannot be honoured: nobody connects, and the object says what is wrong", async ([spec, field, hint]) => {
  const world = await worldWith(spec);
  expect(world.problems().find(({ object }) => object.kind === "TLSOption")).toMatchObject({ severity: "error", field });
  expect(world.problems().find(({ object }) => object.kind === "TLSOption")?.hint).toMatch(hint);
  expect(await world.get("a.test")).toBe("refused");
  await world.apply(tlsOption("special", {}));
  expect(await world.get("a.test")).toBe(200);
});

test("a client that nobody may connect to is told so by an alert", async () => {
  const world = await worldWith({ cipherSuites: ["TLS_NO_SUCH_SUITE"] });
  await expect(world.client("a.test")).rejects.toThrow(/unrecognized name/);
});

// --- by other clients ---

/** What `openssl s_client` says of a connection. */
async function sClient(world: TlsWorld, ...flags: readonly string[]): Promise<string> {
  const connect = ["s_client", "-connect", `127.0.0.1:${world.proxy.port("secure")}`, "-servername", "a.test", ...flags];
  const child = spawn("openssl", connect, { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (text += String(data)));
  await new Promise((resolve) => child.on("close", resolve));
  return text;
}

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
if (!hasOpenssl) console.error("SKIPPED: openssl is not installed, so TLS options are not checked against it");

test.runIf(hasOpenssl)("openssl is served under every option as it should be", async () => {
  const world = await worldWith({
    minVersion: "VersionTLS12",
    maxVersion: "VersionTLS13",
    cipherSuites: ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"],
    curvePreferences: ["CurveP384"],
    alpnProtocols: ["http/1.1"],
  });
  const newest = await sClient(world, "-tls1_3", "-alpn", "h2,http/1.1", "-ign_eof");
  expect(newest).toMatch(/Cipher is TLS_AES_128_GCM_SHA256/);
  expect(newest).toMatch(/Server Temp Key: ECDH, (secp384r1|P-384)/);
  expect(newest).toMatch(/ALPN protocol: http\/1\.1/);
  expect(newest).toMatch(/HTTP\/1\.1 200 OK/);
  expect(await sClient(world, "-tls1_2", "-ign_eof")).toMatch(/Cipher is ECDHE-ECDSA-AES128-GCM-SHA256/);
  expect(await sClient(world, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")).toMatch(/Cipher is \(NONE\)/);
  expect(await sClient(world, "-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384")).toMatch(/Cipher is \(NONE\)/);
  expect(await sClient(world, "-groups", "X25519")).toMatch(/Cipher is \(NONE\)/);
  // Where a client may negotiate anew in the middle of a connection, it is the kind that nobody can splice into (RFC 5746).
  expect(await sClient(world, "-tls1_2", "-ign_eof")).toMatch(/Secure Renegotiation IS supported/);
});

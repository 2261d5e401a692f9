import { expect, test } from "vitest";
import { isMissing, runToEnd } from "../../peers/program.ts";
import { TestAuthority } from "./authority.ts";
import { routeFor, TlsWorld, tlsOption, tlsSecret } from "./tls-world.ts";

const authority = await TestAuthority.make("authority");
const ECDSA = await authority.issue("ecdsa", { names: ["a.test"] });

/** What sslscan, which offers everything that was ever in use, finds on the entry point for a.test. */
async function scan(spec: object) {
  const world = await TlsWorld.start([
    tlsOption("special", spec),
    tlsSecret("ecdsa", ECDSA),
    routeFor("app", "a.test", { options: { name: "special" }, secretName: "ecdsa" }),
  ]);
  const target = ["--sni-name=a.test", `127.0.0.1:${world.proxy.port("secure")}`];
  const { said } = await runToEnd("sslscan", ["--xml=-", "--no-colour", ...target]);
  const found = (pattern: RegExp): readonly string[] => [...said.matchAll(pattern)].map(([, ...parts]) => parts.join(" "));
  return {
    versions: found(/<protocol type="(\w+)" version="([\d.]+)" enabled="1"/g),
    ciphers: found(/<cipher status="\w+" sslversion="TLSv([\d.]+)"[^>]* cipher="([^"]+)"/g),
    groups: new Set(found(/<group sslversion="TLSv[\d.]+"[^>]* name="([^" ]+)/g)),
    weak: [
      ...found(/<(compression) supported="1"/g),
      ...found(/<(renegotiation) supported="1" secure="0"/g),
      ...found(/<(heartbleed) sslversion="[^"]+" vulnerable="1"/g),
    ],
  };
}

test.skipIf(isMissing("sslscan"))("sslscan finds what the default allows, and nothing weak", { timeout: 120_000 }, async () => {
  const { versions, ciphers, weak } = await scan({});
  expect(versions).toEqual(["tls 1.2", "tls 1.3"]);
  expect(ciphers.filter((cipher) => !/GCM|CHACHA20|CCM/.test(cipher) && cipher.startsWith("1.3"))).toEqual([]);
  expect(ciphers.filter((cipher) => /RC4|DES|NULL|EXP|anon|MD5/i.test(cipher))).toEqual([]);
  expect(weak).toEqual([]);
});

test.skipIf(isMissing("sslscan"))("sslscan finds what an option allows, and no more", { timeout: 120_000 }, async () => {
  const { versions, ciphers, groups, weak } = await scan({
    minVersion: "VersionTLS12",
    cipherSuites: ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"],
    curvePreferences: ["CurveP384"],
  });
  expect(versions).toEqual(["tls 1.2", "tls 1.3"]);
  expect(ciphers).toEqual(["1.3 TLS_AES_256_GCM_SHA384", "1.2 ECDHE-ECDSA-AES128-GCM-SHA256"]);
  expect(groups).toEqual(new Set(["secp384r1"]));
  expect(weak).toEqual([]);
});

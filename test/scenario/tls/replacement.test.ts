import type { TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { TestAuthority } from "./authority.ts";
import { routeFor, TlsWorld, tlsSecret } from "./tls-world.ts";

const authority = await TestAuthority.make("authority");
const issue = (name: string, isExpired = false) => authority.issue(name, { names: ["a.test"], isExpired });

async function shown(world: TlsWorld, host = "a.test"): Promise<string | undefined> {
  const { socket } = await world.client(host);
  return (socket as TLSSocket).getPeerCertificate().subject?.CN as string | undefined;
}

test("a certificate is replaced a hundred times under load, and no handshake fails", async () => {
  const pairs = await Promise.all(["even", "odd"].map((name) => issue(name)));
  const world = await TlsWorld.start([routeFor("app", "a.test", { secretName: "site" }), tlsSecret("site", pairs[1]!)]);
  let isOver = false;
  const outcomes: (number | "refused")[] = [];
  const load = Array.from({ length: 4 }, async () => {
    while (!isOver) outcomes.push(await world.get("a.test", { ca: [authority.certificatePem], rejectUnauthorized: true }));
  });
  for (let i = 0; i < 100; i++) {
    await world.apply(tlsSecret("site", pairs[i % 2]!));
    // The next handshake, not a later one, has it.
    if (i % 10 === 0) expect(await shown(world)).toBe("even");
  }
  isOver = true;
  await Promise.all(load);
  expect(outcomes.length).toBeGreaterThan(20);
  expect(outcomes.filter((status) => status !== 200)).toEqual([]);
});

test("a Secret that no longer holds a pair is told, its last good one stays, and others are not touched", async () => {
  const [good, other, next] = await Promise.all([issue("good"), authority.issue("other", { names: ["b.test"] }), issue("next")]);
  const world = await TlsWorld.start([
    routeFor("app", "a.test", { secretName: "site" }),
    routeFor("more", "b.test", { secretName: "other" }),
    tlsSecret("site", good),
    tlsSecret("other", other),
  ]);
  for (const broken of [
    { chainPem: next.chainPem, keyPem: good.keyPem },
    { chainPem: "nonsense", keyPem: next.keyPem },
    { chainPem: next.chainPem, keyPem: "" },
  ]) {
    await world.apply(tlsSecret("site", broken));
    expect([await shown(world), await shown(world, "b.test")]).toEqual(["good", "other"]);
    expect(world.problems()).toMatchObject([{ code: "SecretInvalid", severity: "error", field: "spec.tls.secretName" }]);
    expect(world.problems()[0]?.message).toMatch(/the last good certificate stays/);
  }
  await world.apply(tlsSecret("site", next));
  expect([await shown(world), world.problems()]).toEqual(["next", []]);
});

test("a Secret that never held a pair leaves its host the default certificate", async () => {
  const good = await issue("good");
  const world = await TlsWorld.start([
    routeFor("app", "a.test", { secretName: "site" }),
    tlsSecret("site", { chainPem: good.chainPem, keyPem: "x" }),
  ]);
  expect(await shown(world)).toBe("FAIRWAY DEFAULT CERTIFICATE");
  expect(world.problems()).toMatchObject([{ code: "SecretInvalid" }]);
});

test("an expired certificate is served, with a warning", async () => {
  const world = await TlsWorld.start([
    routeFor("app", "a.test", { secretName: "site" }),
    tlsSecret("site", await issue("late", true)),
  ]);
  expect(await shown(world)).toBe("late");
  expect(world.problems()).toMatchObject([{ code: "CertificateExpiring", severity: "warning" }]);
});

test("of two certificates of one kind for one name the one that is valid is shown", async () => {
  const world = await TlsWorld.start([
    routeFor("app", "a.test", { secretName: "a-late" }),
    routeFor("more", "a.test", { secretName: "b-good" }),
    tlsSecret("a-late", await issue("late", true)),
    tlsSecret("b-good", await issue("good")),
  ]);
  expect(await shown(world)).toBe("good");
});

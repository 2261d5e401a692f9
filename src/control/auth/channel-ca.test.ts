import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { FakeApi } from "../../../test/kubernetes/fake-api.ts";
import { ProcessClock, SimulatedTime } from "../../../test/kubernetes/simulated-time.ts";
import type { CertificatePem } from "../../kernel/self-signed.ts";
import { ApiUnreachable } from "../api/api.ts";
import { ROTATION_TIMING } from "./authority-rotation.ts";
import { ChannelCa } from "./channel-ca.ts";

const DAY_MS = 86_400_000;

class Replica {
  readonly certificates: CertificatePem[] = [];
  readonly problems: string[] = [];
  readonly ca: ChannelCa;

  constructor(api: FakeApi, clock: ProcessClock) {
    this.ca = new ChannelCa({
      api,
      namespace: "fairway-system",
      server: { names: ["fairway-operator.fairway-system.svc"], addresses: ["10.1.2.3", "fd00::7"] },
      onCertificate: (certificate) => this.certificates.push(certificate),
      onProblem: (problem) => this.problems.push(problem),
      clock,
    });
  }

  async start(): Promise<void> {
    this.certificates.push(await this.ca.start());
  }

  get newest(): X509Certificate {
    return new X509Certificate(this.certificates.at(-1)?.chainPem ?? "");
  }
}

function setUp() {
  const time = new SimulatedTime();
  const clock = new ProcessClock(time);
  const api = new FakeApi();
  return { time, clock, api, replica: () => new Replica(api, clock) };
}

/** The certificates that proxies trust. */
function bundle(api: FakeApi): X509Certificate[] {
  const { data } = api.get("ConfigMap", "fairway-system", "fairway-channel-ca") as unknown as {
    readonly data: { readonly "ca.crt": string };
  };
  return data["ca.crt"].split(/(?<=-----END CERTIFICATE-----\n)/).map((pem) => new X509Certificate(pem));
}

function isTrusted(certificate: X509Certificate, authorities: readonly X509Certificate[]): boolean {
  return authorities.some((authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey));
}

/** Lets time pass until something holds. Signing takes real time, which simulated time does not wait for: so no assertion on when. */
async function becomes(time: SimulatedTime, what: string, holds: () => boolean): Promise<void> {
  for (let step = 0; step < 5_000; step++) {
    if (holds()) return;
    await time.pass(60_000);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error(`it does not come to hold that ${what}`);
}

test("the first replica makes the authority, and the second signs with the same one", async () => {
  const { api, replica } = setUp();
  const [a, b] = [replica(), replica()];
  await Promise.all([a.start(), b.start()]);
  expect(bundle(api)).toHaveLength(1);
  expect([isTrusted(a.newest, bundle(api)), isTrusted(b.newest, bundle(api))]).toEqual([true, true]);
  expect(a.newest.publicKey.equals(b.newest.publicKey)).toBe(false);
  expect([...a.problems, ...b.problems]).toEqual([]);
});

test("a certificate is for the Service's name and the Pod's addresses, for a day, and for servers alone", async () => {
  const { clock, api, replica } = setUp();
  const a = replica();
  await a.start();
  const { newest } = a;
  expect(newest.subjectAltName).toBe(
    "DNS:fairway-operator.fairway-system.svc, IP Address:10.1.2.3, IP Address:FD00:0:0:0:0:0:0:7",
  );
  expect(newest.validToDate.getTime() - clock.now()).toBeLessThanOrEqual(DAY_MS);
  expect(newest.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  expect([newest.ca, bundle(api)[0]?.ca]).toEqual([false, true]);
});

test("private keys of authorities are in the Secret and nowhere else", async () => {
  const { api, replica } = setUp();
  await replica().start();
  const secret = api.get("Secret", "fairway-system", "fairway-channel-ca") as unknown as {
    readonly data: Record<string, string>;
  };
  expect(Object.keys(secret.data)).toEqual(["current.crt", "current.key"]);
  expect(JSON.stringify(api.list("ConfigMap"))).not.toContain("PRIVATE");
});

test("a successor is trusted for a month before it signs, and every certificate that is in use is trusted at any time", async () => {
  const { time, api, replica } = setUp();
  const a = replica();
  await a.start();
  const first = bundle(api)[0]!;
  const { succeedMs, overlapMs } = ROTATION_TIMING;
  // What a proxy trusts that has not looked since the last step.
  let known = bundle(api);
  a.ca.stop();
  const step = async (ms: number): Promise<void> => {
    await time.pass(ms);
    const next = replica();
    a.certificates.push(await next.ca.start());
    next.ca.stop();
    expect(isTrusted(a.newest, known)).toBe(true);
    known = bundle(api);
  };
  await step(succeedMs - DAY_MS);
  expect(bundle(api)).toHaveLength(1);
  await step(DAY_MS);
  expect(bundle(api)).toHaveLength(2);
  expect(a.newest.checkIssued(first)).toBe(true);
  await step(overlapMs);
  expect(a.newest.checkIssued(first), "the successor signs").toBe(false);
  expect(isTrusted(a.newest, known)).toBe(true);
  expect(
    bundle(api).some((authority) => authority.fingerprint256 === first.fingerprint256),
    "until it runs out",
  ).toBe(true);
});

test("a certificate is renewed while the one before is good for long", async () => {
  const { time, clock, replica } = setUp();
  const a = replica();
  await a.start();
  const first = a.newest;
  await time.pass(ROTATION_TIMING.serverRenewMs - 120_000);
  expect(a.certificates).toHaveLength(1);
  await becomes(time, "there is another one", () => a.certificates.length === 2);
  a.ca.stop();
  expect(first.validToDate.getTime() - clock.now()).toBeGreaterThan(DAY_MS / 3);
  expect(a.newest.validToDate.getTime()).toBeGreaterThan(first.validToDate.getTime());
});

test("a Secret that is deleted, or holds nonsense, is made anew; a ConfigMap that someone changes is put right", async () => {
  const { time, api, replica } = setUp();
  const a = replica();
  await a.start();
  const first = bundle(api)[0]!;
  api.remove("Secret", "fairway-system", "fairway-channel-ca");
  await becomes(time, "another authority is trusted", () => bundle(api)[0]?.fingerprint256 !== first.fingerprint256);
  await becomes(time, "the replica has a certificate of it", () => isTrusted(a.newest, bundle(api)));
  expect(bundle(api), "the one before is not trusted any more").toHaveLength(1);

  const metadata = { name: "fairway-channel-ca", namespace: "fairway-system" };
  api.put({ apiVersion: "v1", kind: "Secret", metadata, data: { "current.crt": "bm9uc2Vuc2U=" } });
  api.put({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { "ca.crt": "nonsense" } });
  const published = () => JSON.stringify(api.get("ConfigMap", "fairway-system", "fairway-channel-ca"));
  await becomes(time, "both are put right", () => published().includes("BEGIN CERT") && isTrusted(a.newest, bundle(api)));
  expect(a.problems[0]).toMatch(/^the Secret of the channel's certificate authority is replaced: current.crt and current.key: /);
  a.ca.stop();
});

test("a replica that starts while the API server is away has its certificate when that is back", async () => {
  const { time, api, replica } = setUp();
  const a = replica();
  api.intercept = () => {
    throw new ApiUnreachable("connection refused");
  };
  const started = a.start();
  await time.pass(30_000);
  expect(a.problems.length).toBeGreaterThan(2);
  api.intercept = () => {};
  await becomes(time, "it has a certificate", () => api.get("ConfigMap", "fairway-system", "fairway-channel-ca") !== undefined);
  await started;
  expect(isTrusted(a.newest, bundle(api))).toBe(true);
  a.ca.stop();
});

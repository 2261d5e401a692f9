import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { FakeApi } from "../../../test/kubernetes/fake-api.ts";
import { RESOURCE_TYPES } from "../../../test/kubernetes/resource-types.ts";
import type { Clock } from "../../kernel/clock.ts";
import { ApiError } from "../api/api.ts";
import { WEBHOOK_NAME, WebhookCertificate } from "./webhook-certificate.ts";

const CONFIGURATION = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  plural: "validatingwebhookconfigurations",
  kind: "ValidatingWebhookConfiguration",
  isNamespaced: false,
  hasStatus: false,
};

const DAY_MS = 86_400_000;

interface World {
  readonly api: FakeApi;
  readonly problems: string[];
  nowMs: number;
  isHolder: boolean;
  /** Looks once more, at the time it is now. */
  look(): Promise<void>;
}

function world(): World {
  const api = new FakeApi({ types: [...RESOURCE_TYPES, CONFIGURATION] });
  const clock: Clock = { now: () => made.nowMs, monotonicMs: () => made.nowMs, after: () => () => {} };
  const made: World = {
    api,
    problems: [],
    nowMs: Date.parse("2026-01-01T00:00:00Z"),
    isHolder: true,
    look: () => keeper.start(),
  };
  const keeper = new WebhookCertificate({
    api,
    namespace: "fairway-system",
    isHolder: () => made.isHolder,
    onProblem: (problem) => made.problems.push(problem),
    clock,
  });
  return made;
}

function putConfiguration(api: FakeApi): void {
  const webhook = (name: string) => ({ name, clientConfig: { service: { name: WEBHOOK_NAME, namespace: "fairway-system" } } });
  api.put({
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: WEBHOOK_NAME },
    webhooks: [webhook("a.fairway.dev"), webhook("b.fairway.dev")],
  });
}

function secretValue(api: FakeApi, key: string): string {
  const data = api.get("Secret", "fairway-system", WEBHOOK_NAME)?.data as Record<string, string> | undefined;
  return Buffer.from(data?.[key] ?? "", "base64").toString("utf8");
}

function trusted(api: FakeApi): readonly string[] {
  const { webhooks } = api.get("ValidatingWebhookConfiguration", "", WEBHOOK_NAME) as unknown as {
    webhooks: { clientConfig: { caBundle: string } }[];
  };
  return webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? "", "base64").toString("utf8"));
}

const writes = ({ requests }: FakeApi): number => requests.filter(({ method }) => method !== "GET").length;

test("the certificate is made once, is for the Service, and every webhook trusts its authority", async () => {
  const { api, look, problems } = world();
  putConfiguration(api);
  await look();
  const certificate = new X509Certificate(secretValue(api, "tls.crt"));
  expect(certificate.checkHost("fairway-admission.fairway-system.svc")).toBeDefined();
  expect(certificate.checkIssued(new X509Certificate(secretValue(api, "ca.crt")))).toBe(true);
  expect(trusted(api)).toEqual([secretValue(api, "ca.crt"), secretValue(api, "ca.crt")]);
  const before = writes(api);
  await look();
  expect(writes(api)).toBe(before);
  expect(problems).toEqual([]);
});

test("it is renewed in good time, and the authority before is trusted for a while", async () => {
  const made = world();
  putConfiguration(made.api);
  await made.look();
  const [first, firstAuthority] = [secretValue(made.api, "tls.crt"), secretValue(made.api, "ca.crt")];
  made.nowMs += 59 * DAY_MS;
  await made.look();
  expect(secretValue(made.api, "tls.crt")).toBe(first);
  made.nowMs += 2 * DAY_MS;
  await made.look();
  expect(secretValue(made.api, "tls.crt")).not.toBe(first);
  expect(trusted(made.api)[0]).toContain(firstAuthority);
  expect(trusted(made.api)[0]?.match(/BEGIN/g)).toHaveLength(2);
  made.nowMs += 61 * DAY_MS;
  await made.look();
  expect(trusted(made.api)[0]).not.toContain(firstAuthority);
});

test("who does not hold the Lease writes nothing", async () => {
  const made = world();
  putConfiguration(made.api);
  made.isHolder = false;
  await made.look();
  expect(made.api.requests).toEqual([]);
});

test("a missing right or configuration is told once, and tried again", async () => {
  const { api, look, problems } = world();
  await look();
  await look();
  expect(problems).toHaveLength(1);
  putConfiguration(api);
  api.intercept = ({ method }) => {
    if (method === "PUT") throw new ApiError(403, "Forbidden", "you may not");
  };
  await look();
  expect(problems).toHaveLength(2);
  expect(problems[1]).toContain("you may not");
  api.intercept = () => {};
  await look();
  expect(trusted(api)[0]).toContain("BEGIN CERTIFICATE");
});

test("a caBundle that somebody overwrote is put right", async () => {
  const { api, look } = world();
  putConfiguration(api);
  await look();
  putConfiguration(api);
  await look();
  expect(trusted(api)[0]).toBe(secretValue(api, "ca.crt"));
});

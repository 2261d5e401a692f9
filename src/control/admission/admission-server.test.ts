import { once } from "node:events";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, beforeAll, expect, test } from "vitest";
import { type CertificatePem, makeSelfSigned } from "../../kernel/self-signed.ts";
import { problem } from "../../model/problem-codes.ts";
import { AdmissionServer, type AdmissionServerOptions, type ReviewResult } from "./admission-server.ts";
import type { Verdict } from "./judge.ts";

const ROUTE = { kind: "IngressRoute", namespace: "shop", name: "web" };
const ALLOWED: Verdict = { errors: [], warnings: [] };
const DENIED: Verdict = { errors: [problem("InvalidRule", ROUTE, "spec", "No.")], warnings: [] };

let certificate: CertificatePem;
const open: AdmissionServer[] = [];

async function selfSigned(): Promise<CertificatePem> {
  const [notBefore, notAfter] = [new Date(Date.now() - 1_000), new Date(Date.now() + 60_000)];
  return makeSelfSigned({ commonName: "webhook", names: ["localhost"], notBefore, notAfter });
}

beforeAll(async () => {
  certificate = await selfSigned();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

interface Started {
  readonly port: number;
  readonly results: ReviewResult[];
  readonly server: AdmissionServer;
}

async function start(judge: () => Promise<Verdict>, more: Partial<AdmissionServerOptions> = {}): Promise<Started> {
  const results: ReviewResult[] = [];
  const server = new AdmissionServer({ judge: { judge }, certificate, onReview: (result) => results.push(result), ...more });
  open.push(server);
  const { port } = (await server.listen("127.0.0.1", 0)) as AddressInfo;
  return { port, results, server };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function post(port: number, body: string, path = "/validate", ca = certificate.chainPem, method = "POST"): Promise<Answer> {
  const asked = request({ host: "127.0.0.1", servername: "localhost", port, path, method, ca, agent: false });
  asked.on("error", () => {});
  asked.end(body);
  const [response] = await once(asked, "response");
  let text = "";
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, text };
}

function review(operation = "CREATE"): string {
  const request = { uid: "one", operation, object: {}, oldObject: null };
  return JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });
}

test("a review is answered by its verdict, and counted", async () => {
  const verdicts = [ALLOWED, DENIED, { ...ALLOWED, warnings: DENIED.errors }];
  const { port, results } = await start(async () => verdicts.shift() ?? ALLOWED);
  const answers = [await post(port, review()), await post(port, review("UPDATE")), await post(port, review())];
  expect(answers.map(({ status, text }) => [status, JSON.parse(text).response.uid, JSON.parse(text).response.allowed])).toEqual([
    [200, "one", true],
    [200, "one", false],
    [200, "one", true],
  ]);
  expect(results).toEqual(["allowed", "denied", "warned"]);
});

test("a deletion is allowed, whatever a judge would say", async () => {
  const { port } = await start(async () => DENIED);
  expect(JSON.parse((await post(port, review("DELETE"))).text).response.allowed).toBe(true);
});

test("what is no review, not for this path, or too large is refused", async () => {
  const { port, results } = await start(async () => ALLOWED);
  expect(await post(port, "{}")).toEqual({ status: 400, text: "not judged: not an AdmissionReview\n" });
  expect((await post(port, review(), "/")).status).toBe(404);
  expect((await post(port, "", "/validate", certificate.chainPem, "GET")).status).toBe(405);
  expect((await post(port, " ".repeat(8 * 1024 ** 2 + 1))).status).toBe(413);
  expect(results).toEqual(["unreadable", "unreadable"]);
});

test("what takes too long, or comes while too much is under way, is left to the failurePolicy", async () => {
  let finish: (verdict: Verdict) => void = () => {};
  const verdict = new Promise<Verdict>((resolve) => {
    finish = resolve;
  });
  const { port, results } = await start(() => verdict, { reviewMs: 200 });
  const slow = await Promise.all(Array.from({ length: 17 }, () => post(port, review())));
  expect(slow.map(({ status }) => status)).toEqual(Array(17).fill(503));
  expect(slow.filter(({ text }) => text.includes("too many reviews"))).toHaveLength(1);
  expect(slow.filter(({ text }) => text.includes("takes too long"))).toHaveLength(16);
  expect((await post(port, review())).text).toContain("too many reviews");
  finish(ALLOWED);
  await verdict;
  expect((await post(port, review())).status).toBe(200);
  expect(results.filter((result) => result === "overloaded")).toHaveLength(18);
});

test("a defect of the judge is told, answered with 500, and harms no other review", async () => {
  const errors: unknown[] = [];
  let isFirst = true;
  const judge = async (): Promise<Verdict> => {
    if (!isFirst) return ALLOWED;
    isFirst = false;
    throw new Error("a defect");
  };
  const { port } = await start(judge, { onFailed: (error) => errors.push(error) });
  expect((await post(port, review())).status).toBe(500);
  expect((await post(port, review())).status).toBe(200);
  expect(errors).toHaveLength(1);
});

test("a new certificate is shown to those who connect from then on", async () => {
  const { port, server } = await start(async () => ALLOWED);
  const renewed = await selfSigned();
  server.useCertificate(renewed);
  expect((await post(port, review(), "/validate", renewed.chainPem)).status).toBe(200);
  expect(() => server.useCertificate({ ...renewed, keyPem: "no key" })).toThrow();
  expect((await post(port, review(), "/validate", renewed.chainPem)).status).toBe(200);
});

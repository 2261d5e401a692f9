import fc from "fast-check";
import { expect, test } from "vitest";
import { Judge } from "../../src/control/admission/judge.ts";
import { readReview, reviewAnswer } from "../../src/control/admission/review.ts";
import { KindCatalog } from "../../src/control/validate/kind-catalog.ts";

/** Cases a run; more by `FUZZ_RUNS`, for a longer hunt. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 300);

const judge = new Judge(new KindCatalog(), ["public"]);

/** Values that stand where others are expected, and some that nearly are what they should be. */
const odd = fc.oneof(
  fc.constantFrom(null, "", 0, -1, 1e308, true, [], {}, [null], "__proto__", "Host(`a.test`)", "\u0000", "x".repeat(300)),
  fc.json().map((text) => JSON.parse(text) as unknown),
);

const rule = fc.oneof(
  odd,
  fc.string(),
  fc.constantFrom(
    "Host(`a.test`)",
    "PathRegexp(`(`)",
    "!".repeat(100),
    "(".repeat(2_000),
    "Host(`a`) && ".repeat(200),
    "HostRegexp(`^.+$`)",
  ),
);

const service = fc.oneof(
  odd,
  fc.record({ name: odd, port: odd, weight: odd, kind: odd }, { requiredKeys: [] }),
  fc.constant({ name: "web", port: 80 }),
);

const route = fc.record(
  { match: rule, services: fc.array(service, { maxLength: 3 }), middlewares: odd, priority: odd },
  { requiredKeys: ["match"] },
);

const metadata = fc.oneof(
  odd,
  fc.record(
    { name: fc.constant("web"), namespace: fc.constant("shop"), labels: odd, annotations: odd, creationTimestamp: odd },
    { requiredKeys: ["name"] },
  ),
);

const object = fc.record({
  apiVersion: fc.constantFrom("fairway.dev/v1alpha1", "networking.k8s.io/v1", "v1", ""),
  kind: fc.constantFrom("IngressRoute", "Middleware", "Ingress", "FairwayClass", "IngressRouteTCP", "TLSOption", "Secret"),
  metadata,
  spec: fc.oneof(
    odd,
    fc.record(
      {
        routes: fc.array(route, { maxLength: 4 }),
        entryPoints: odd,
        tls: odd,
        parentRefs: odd,
        ingressClassName: fc.constantFrom("public", 7, null),
      },
      { requiredKeys: [] },
    ),
    fc.record({ chain: odd, headers: odd, stripPrefix: odd, replacePathRegex: odd }, { requiredKeys: [] }),
  ),
});

const review = fc.record({
  apiVersion: fc.oneof({ weight: 9, arbitrary: fc.constant("admission.k8s.io/v1") }, { weight: 1, arbitrary: odd }),
  kind: fc.oneof({ weight: 9, arbitrary: fc.constant("AdmissionReview") }, { weight: 1, arbitrary: odd }),
  request: fc.oneof(
    { weight: 1, arbitrary: odd },
    {
      weight: 9,
      arbitrary: fc.record({
        uid: fc.oneof({ weight: 9, arbitrary: fc.constant("u-1") }, { weight: 1, arbitrary: odd }),
        operation: fc.constantFrom("CREATE", "UPDATE"),
        object: fc.oneof({ weight: 9, arbitrary: object }, { weight: 1, arbitrary: odd }),
        oldObject: fc.oneof(object, odd),
      }),
    },
  ),
});

/** What the API server would get; null where it gets an error. */
async function answerTo(
  text: string,
): Promise<{ response: { uid: string; allowed: boolean; status?: { message: string } } } | null> {
  const read = readReview(text);
  if (!read.ok) return null;
  const { uid, object: asked, oldObject } = read.value;
  return reviewAnswer(uid, await judge.judge(asked, oldObject)) as Awaited<ReturnType<typeof answerTo>>;
}

test("whatever a review holds, its answer is one: allowed, or denied with a reason", async () => {
  await fc.assert(
    fc.asyncProperty(review, async (sent) => {
      const answer = await answerTo(JSON.stringify(sent));
      if (answer === null) return;
      const { uid, allowed, status } = answer.response;
      expect(uid).toBe((sent.request as { uid: string }).uid);
      expect(allowed).toBe(status === undefined);
      if (!allowed) expect(status?.message).not.toBe("");
      expect(JSON.stringify(answer).length).toBeLessThan(100_000);
    }),
    { numRuns: RUNS },
  );
});

test("whatever is sent that is no review is refused, and nothing is thrown", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json(), fc.string({ unit: "binary" })), async (text) => {
      expect(await answerTo(text)).toBeNull();
    }),
    { numRuns: RUNS },
  );
});

import { expect, test } from "vitest";
import { problem } from "../../model/problem-codes.ts";
import { readReview, reviewAnswer } from "./review.ts";

const ROUTE = { kind: "IngressRoute", namespace: "shop", name: "web" };
const RULE = problem("InvalidRule", ROUTE, "spec.routes[0].match", "It does not parse.", "Close the bracket.");
const REGEX = problem("InvalidRegex", ROUTE, "spec.routes[1].match", "No look-ahead.");

test.for([
  ["", "not an AdmissionReview"],
  ["[]", "not an AdmissionReview"],
  ['{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1beta1"}', "another version"],
  ['{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}', "without a request"],
  ['{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":7}}', "without a uid"],
  [`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"${"u".repeat(129)}"}}`, "without a uid"],
  ['{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u"}}', "without an operation"],
])("%s is refused: %s", ([text, why]) => {
  const read = readReview(text as string);
  expect(read.ok ? "" : read.error).toContain(why as string);
});

test("a denial names every error with its field and what to write instead", () => {
  expect(reviewAnswer("u", { errors: [RULE, REGEX], warnings: [] })).toEqual({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: {
      uid: "u",
      allowed: false,
      status: {
        status: "Failure",
        code: 422,
        reason: "Invalid",
        message:
          "2 errors:\n- InvalidRule spec.routes[0].match: It does not parse. (Close the bracket.)\n- InvalidRegex spec.routes[1].match: No look-ahead.",
      },
    },
  });
});

test("a single error is the message, and warnings come as such, in bounds", () => {
  const many = Array.from({ length: 20 }, () => ({ ...RULE, message: "x".repeat(300) }));
  const { response } = reviewAnswer("u", { errors: [REGEX], warnings: many }) as {
    response: { status: { message: string }; warnings: string[] };
  };
  expect(response.status.message).toBe("InvalidRegex spec.routes[1].match: No look-ahead.");
  expect(response.warnings).toHaveLength(16);
  expect(Math.max(...response.warnings.map((text) => text.length))).toBe(256);
});

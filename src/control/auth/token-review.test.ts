import { expect, test } from "vitest";
import { FakeApi, type TokenReviewStatus } from "../../../test/kubernetes/fake-api.ts";
import { ProcessClock, SimulatedTime } from "../../../test/kubernetes/simulated-time.ts";
import type { ProxyIdentity } from "../../channel/authentication.ts";
import { ApiError, ApiUnreachable } from "../api/api.ts";
import { TokenReviewer } from "./token-review.ts";

const GOOD: TokenReviewStatus = {
  authenticated: true,
  audiences: ["fairway.dev/channel"],
  user: {
    username: "system:serviceaccount:fairway-system:fairway-proxy",
    extra: { "authentication.kubernetes.io/pod-name": ["fairway-proxy-0"] },
  },
};

function setUp(status: TokenReviewStatus = GOOD) {
  const time = new SimulatedTime();
  const api = new FakeApi();
  api.reviewToken = () => status;
  const reviewer = new TokenReviewer({
    api,
    classesOf: ({ namespace, name }) => (`${namespace}/${name}` === "fairway-system/fairway-proxy" ? ["fairway"] : []),
    clock: new ProcessClock(time),
  });
  return { time, api, reviewer };
}

async function said(reviewer: TokenReviewer, token = "abc"): Promise<string> {
  const answer = await reviewer.authenticate(token);
  return answer.ok ? `${answer.value.account} as ${answer.value.podName}` : `${answer.error.comeBack}: ${answer.error.reason}`;
}

async function identity(reviewer: TokenReviewer): Promise<ProxyIdentity> {
  const answer = await reviewer.authenticate("abc");
  if (!answer.ok) throw new Error(answer.error.reason);
  return answer.value;
}

const IN = "ServiceAccount fairway-system/fairway-proxy as fairway-proxy-0";

test("a good token tells the account and the Pod, and so the classes", async () => {
  const { api, reviewer } = setUp();
  expect(await said(reviewer)).toBe(IN);
  expect((await identity(reviewer)).classes()).toEqual(["fairway"]);
  expect(api.requests[0]).toMatchObject({
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/tokenreviews",
    body: { kind: "TokenReview", spec: { token: "abc", audiences: ["fairway.dev/channel"] } },
  });
});

test("who is refused is told why, and comes back later", async () => {
  const user = GOOD.user!;
  const cases: readonly (readonly [TokenReviewStatus, RegExp])[] = [
    [{ authenticated: false, error: "token has expired" }, /^later: the token is not good: token has expired$/],
    [{ authenticated: false }, /^later: the token is not good: it is nobody's$/],
    [{ ...GOOD, audiences: ["https://kubernetes.default.svc"] }, /^later: the token was not made for the audience/],
    [{ authenticated: true, user }, /^later: the token was not made for the audience/],
    [
      { ...GOOD, user: { ...user, username: "kubernetes-admin" } },
      /^later: the token is that of "kubernetes-admin", which is no Ser/,
    ],
    [{ ...GOOD, user: { username: user.username } }, /^later: the token is bound to no Pod/],
  ];
  for (const [status, expected] of cases) expect(await said(setUp(status).reviewer)).toMatch(expected);
  const { api, reviewer } = setUp();
  expect(await said(reviewer, "")).toBe("later: a token is needed");
  expect(await said(reviewer, "x".repeat(10_000))).toBe("later: the token is longer than any");
  expect(api.requests).toEqual([]);
});

test("a good answer is remembered for a minute, a bad one never", async () => {
  const { time, api, reviewer } = setUp();
  await said(reviewer);
  await time.pass(59_000);
  await said(reviewer);
  expect(api.requests).toHaveLength(1);
  await time.pass(2_000);
  await said(reviewer);
  expect(api.requests).toHaveLength(2);

  const refusing = setUp({ authenticated: false });
  await said(refusing.reviewer);
  refusing.api.reviewToken = () => GOOD;
  expect(await said(refusing.reviewer)).toBe(IN);
});

test("many streams with one token are one question", async () => {
  const { api, reviewer } = setUp();
  expect(await Promise.all(Array.from({ length: 20 }, () => said(reviewer)))).toEqual(Array.from({ length: 20 }, () => IN));
  expect(api.requests).toHaveLength(1);
});

test("when the API server cannot be asked, a token it knew moments ago is taken; others come again soon", async () => {
  const { time, api, reviewer } = setUp();
  await said(reviewer);
  await time.pass(200_000);
  api.intercept = () => {
    throw new ApiUnreachable("connection refused");
  };
  expect(await said(reviewer)).toBe(IN);
  expect(await said(reviewer, "other")).toBe("soon: the API server cannot be asked about the token: connection refused");
  await time.pass(120_000);
  expect(await said(reviewer)).toMatch(/^soon: /);
  api.intercept = () => {
    throw new ApiError(403, "Forbidden", "tokenreviews is forbidden");
  };
  expect(await said(reviewer)).toBe("soon: the API server cannot be asked about the token: tokenreviews is forbidden");
});

test("a token that has become bad is not taken from memory once that is known", async () => {
  const { time, api, reviewer } = setUp();
  const who = await identity(reviewer);
  expect(await who.recheck()).toBe("valid");
  api.reviewToken = () => ({ authenticated: false, error: "the Pod is gone" });
  expect(await who.recheck()).toBe("invalid");
  api.intercept = () => {
    throw new ApiUnreachable("connection refused");
  };
  expect(await who.recheck()).toBe("unknown");
  await time.pass(1_000);
  expect(await said(reviewer)).toMatch(/^soon: /);
});

test("no more than so many tokens are remembered, and asked about at a time", async () => {
  const { api, reviewer } = setUp();
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  api.intercept = () => held;
  const answers = Array.from({ length: 60 }, (_, index) => said(reviewer, `token-${index}`));
  release();
  const heard = await Promise.all(answers);
  expect(heard.filter((answer) => answer === IN)).toHaveLength(50);
  expect(heard.filter((answer) => answer === "soon: too many proxies come at a time")).toHaveLength(10);

  api.intercept = () => {};
  for (let index = 0; index < 2_001; index++) await said(reviewer, `more-${index}`);
  const asked = api.requests.length;
  await said(reviewer, "more-2000");
  expect(api.requests).toHaveLength(asked);
  await said(reviewer, "token-0");
  expect(api.requests).toHaveLength(asked + 1);
});

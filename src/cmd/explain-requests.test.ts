import { PassThrough, Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DEFAULT_ENTRY_POINTS } from "./entry-point-flags.ts";
import { type AnswerLine, answerRequests } from "./explain-requests.ts";
import { Explainer } from "./explainer.ts";
import { compileText, manifests, middleware, publishedSchema, route, rule, service } from "./sample-manifests.ts";
import { LINE_LENGTH_MAX, textLines } from "./text-lines.ts";

const isAnswer = publishedSchema("explain-answer");
const isRequest = publishedSchema("explain-request");

const WORLD = manifests(
  route(
    "shop",
    rule("Host(`a.test`)", "web") +
      rule("Host(`a.test`) && PathPrefix(`/api`)", "api", "middlewares: [{ name: strip }]") +
      rule("Host(`a.test`) && Method(`POST`)", "api") +
      rule("HostRegexp(`^[ab]\\.test$`) && Header(`X-Beta`, `1`)", "web") +
      rule("Host(`b.test`) && ClientIP(`10.0.0.0/8`)", "gone"),
  ),
  middleware("strip", "{ stripPrefix: { prefixes: [/api] } }"),
  service("web"),
  service("api"),
);

async function explainerOf(text: string): Promise<Explainer> {
  return new Explainer((await compileText(text)).graph, DEFAULT_ENTRY_POINTS, null);
}

/** Answers lines, with each answer held to its schema. */
async function answersTo(lines: readonly string[], withReasons = false): Promise<readonly AnswerLine[]> {
  const output = new PassThrough();
  const explainer = await explainerOf(WORLD);
  const requests = Readable.from([Buffer.from(lines.join("\n"))]);
  const wrong = await answerRequests(explainer, requests, output, withReasons);
  output.end();
  const answers = (await textOf(output)).trimEnd().split("\n");
  const parsed = answers.map((line) => JSON.parse(line) as AnswerLine);
  for (const one of parsed) expect(isAnswer(one), JSON.stringify(isAnswer.errors)).toBe(true);
  expect(parsed.filter((one) => "error" in one)).toHaveLength(wrong);
  return parsed;
}

test("each request has an answer on a line of its own, in the same order", async () => {
  const requests = [
    { url: "http://a.test/api/x" },
    { url: "http://a.test/", method: "POST", headers: { "X-Beta": ["0", "1"] } },
    { url: "http://b.test/", clientIP: "10.1.2.3" },
    { url: "http://c.test/" },
    { url: "http://a.test/%2f" },
    { url: "https://a.test/", entryPoint: "web" },
  ];
  for (const request of requests) expect(isRequest(request)).toBe(true);
  const answers = await answersTo(requests.map((request) => JSON.stringify(request)));
  expect(
    answers.map((one) => ("error" in one ? one : [one.line, one.winner?.rule, one.winner?.service?.object.name, one.status])),
  ).toEqual([
    [1, "Host(`a.test`) && PathPrefix(`/api`)", "api", null],
    [2, "HostRegexp(`^[ab]\\.test$`) && Header(`X-Beta`, `1`)", "web", null],
    [3, "Host(`b.test`) && ClientIP(`10.0.0.0/8`)", undefined, 503],
    [4, undefined, undefined, 404],
    [5, undefined, undefined, 400],
    [6, "Host(`a.test`)", "web", null],
  ]);
  expect(answers[0]).toMatchObject({ winner: { middlewares: [{ kind: "stripPrefix", path: "/x" }] } });
  expect(answers[0]).not.toHaveProperty("nearMisses");
  expect(answers[5]).toMatchObject({ request: { entryPoint: "web" } });
});

test("reasons come on demand", async () => {
  const [answer] = await answersTo(['{"url": "http://a.test/api/x"}'], true);
  expect(answer).toMatchObject({
    alsoMatching: [{ rule: "Host(`a.test`)" }],
    nearMisses: [{ failed: "Header(`X-Beta`, `1`)" }, { failed: "Method(`POST`)" }, { failed: "Host(`b.test`)" }],
  });
});

test("a line that is no request says why, and the next one counts", async () => {
  const lines = [
    "{",
    "",
    "[]",
    '{"url": "http://a.test/", "methd": "GET"}',
    '{"url": "a.test"}',
    '{"url": "http://a.test/", "headers": {"X-Beta": 1}}',
    '{"url": "http://a.test/", "clientIP": "here"}',
    '{"url": "http://a.test/", "entryPoint": "wbe"}',
    '{"url": "http://a.test/", "headers": {"X-Beta": "1\\r\\nHost: b"}}',
    '{"method": "GET"}',
    '{"url": "http://a.test/"}',
  ];
  const answers = await answersTo(lines);
  expect(answers.map((one) => ("error" in one ? [one.line, one.error] : [one.line]))).toEqual([
    [1, expect.stringMatching(/^the line is not JSON: /)],
    [3, "expected an object with url, method, headers, clientIP, entryPoint, found a list"],
    [4, 'methd: unknown field "methd", did you mean "method"?'],
    [5, '"a.test" is no URL: write it as http://host/path or https://host/path'],
    [6, 'headers.X-Beta: expected a text (in quotes, as in "1"), or a list of texts, found the number 1'],
    [7, '"here" is not an IP address'],
    [8, 'there is no entry point "wbe"; there are web, websecure'],
    [9, expect.stringMatching(/is not a header/)],
    [10, "url is missing"],
    [11],
  ]);
});

test("the index answers as a look at every router does", async () => {
  const explainer = await explainerOf(WORLD);
  const request = fc.record({
    url: fc
      .tuple(
        fc.constantFrom("http", "https"),
        fc.constantFrom("a.test", "b.test", "A.TEST:81", "c.test"),
        fc.constantFrom("/", "/api", "/apix/../api/", "/x?y=1"),
      )
      .map(([scheme, host, path]) => `${scheme}://${host}${path}`),
    method: fc.constantFrom("GET", "POST"),
    headers: fc.constantFrom<string[]>([], ["X-Beta: 1"], ["x-beta: 2", "X-BETA: 1"], ["Host: b.test"]),
    clientIp: fc.constantFrom("10.0.0.1", "192.0.2.1", "::1"),
  });
  fc.assert(
    fc.property(request, (asked) => {
      const [quick, slow] = [explainer.answer(asked), explainer.explain(asked)];
      if (!quick.ok || !slow.ok) throw new Error("what is generated is a request");
      const { alsoMatching: _, nearMisses: __, ...expected } = slow.value.report;
      expect(quick.value.report).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test("lines come whole, however they are cut up; one that is too long comes as nothing", async () => {
  const long = "x".repeat(LINE_LENGTH_MAX);
  const bytes = Buffer.from(`é1\n\n${long}\n${long}y\nlast`);
  for (const size of [1_000, 65_536, bytes.length]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
    const lines = await Array.fromAsync(textLines(Readable.from(chunks)));
    expect(lines.map((line) => line?.slice(0, 5))).toEqual(["é1", "", "xxxxx", undefined, "last"]);
    expect(lines[2]).toHaveLength(LINE_LENGTH_MAX);
  }
  expect(
    await Array.fromAsync(
      textLines(Readable.from([..."é\nb"].flatMap((char) => [...Buffer.from(char)].map((byte) => Buffer.of(byte))))),
    ),
  ).toEqual(["é", "b"]);
});

import { expect, test } from "vitest";
import { lineOfField } from "./line-finder.ts";
import { splitDocuments } from "./parse-documents.ts";

const TEXT = `# a comment
a: 1
---
metadata:
  labels:
    app.kubernetes.io/name: x
spec:
  routes:
    - match: m
      services:
        - name: s
          port: 80
    - match: n
---
kind: List
items:
  - a: 1
  - spec:
      b: 2
`;

const pieces = splitDocuments(TEXT);
const line = (piece: number, field: string, item: number | null = null): number | undefined =>
  lineOfField(pieces, { piece, document: 0, item }, field);

test.each([
  ["metadata.labels[app.kubernetes.io/name]", 6],
  ["spec.routes", 8],
  ["spec.routes[0].match", 9],
  ["spec.routes[0].services[0].port", 12],
  ["spec.routes[1]", 13],
  ["", 4],
])("%s is found", (field, expected) => {
  expect(line(1, field)).toBe(expected);
});

test("what is not there is looked for around it", () => {
  expect(line(1, "spec.routes[1].services[0].port")).toBe(13);
  expect(line(1, "spec.tls.secretName")).toBe(7);
  expect(line(1, "status")).toBe(4);
});

test("fields of a list's items are found", () => {
  expect(line(2, "spec.b", 1)).toBe(19);
});

test("a document that is not there has no line", () => {
  expect(line(9, "spec")).toBeUndefined();
});

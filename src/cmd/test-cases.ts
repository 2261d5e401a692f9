import { lineOfField } from "../control/sources/directory/line-finder.ts";
import {
  type DocumentPlace,
  type ManifestDocument,
  parsePiece,
  splitDocuments,
} from "../control/sources/directory/parse-documents.ts";
import { childField } from "../control/validate/field-path.ts";
import { fail, ok, type Result } from "../kernel/result.ts";
import { readAskedRequest } from "./asked-request.ts";
import type { AskedRequest } from "./explain-request.ts";
import { type FieldError, FieldReader, isTextOrTexts } from "./read-fields.ts";

/** One route test. Schema of the file: `docs/reference/test-cases.schema.json`. */
export interface TestCase {
  /** "" when the file gives none. */
  readonly name: string;
  /** Line of the file it begins on, from 1. */
  readonly line: number;
  readonly request: AskedRequest;
  readonly expect: Expectation;
}

/** What is expected of a request; what is absent may be anything. */
export interface Expectation {
  /** `namespace/name` or `Kind/namespace/name` of the object whose rule wins. */
  readonly object?: string;
  /** Each `namespace/name` or `namespace/name:port`: all the services the request may go to. */
  readonly services?: readonly string[];
  /** What the client is answered without a service being asked. */
  readonly status?: number;
  /** The path the service gets. */
  readonly path?: string;
  /** Headers the service gets, or those of the answer of a middleware; null: it is not there. Names are lower case. */
  readonly headers?: readonly (readonly [name: string, values: readonly string[] | null])[];
}

/** What is wrong with a file of cases. */
export interface CaseError {
  readonly line: number;
  readonly message: string;
}

const OBJECT = /^(?:[A-Za-z]+\/)?[^/\s]+\/[^/\s]+$/;
const SERVICE = /^[^/:\s]+\/[^/:\s]+(?::[^/:\s]+)?$/;

/** The tests of a file: a YAML (or JSON) list of `{name, request, expect}`; or everything that is wrong with it. */
export function readTestCases(text: string): Result<readonly TestCase[], readonly CaseError[]> {
  const pieces = splitDocuments(text);
  const documents: ManifestDocument[] = [];
  for (const [index, piece] of pieces.entries()) {
    const parsed = parsePiece(piece, index);
    if (!parsed.ok) return fail([{ line: parsed.error.line, message: `the file does not parse: ${parsed.error.message}` }]);
    documents.push(...parsed.value);
  }
  const [document, second] = documents;
  if (second !== undefined) return fail([{ line: second.line, message: "one list holds all cases: there is a second document" }]);
  if (!Array.isArray(document?.value)) return fail([{ line: document?.line ?? 1, message: "expected a list of cases" }]);
  const lineOf = (field: string) => lineOfField(pieces, document.place as DocumentPlace, field) ?? document.line;
  const errors: FieldError[] = [];
  const cases = document.value.map((value: unknown, index) => readCase(value, `[${index}]`, lineOf, errors));
  return errors.length === 0 ? ok(cases) : fail(errors.map((error) => located(error, lineOf)));
}

function readCase(value: unknown, at: string, lineOf: (field: string) => number, errors: FieldError[]): TestCase {
  const reader = new FieldReader(value, at, ["name", "request", "expect"], errors);
  const missing = ["request", "expect"].filter((name) => !reader.has(name));
  for (const name of missing) errors.push({ field: at, message: `${name} is missing` });
  return {
    name: reader.text("name") ?? "",
    line: lineOf(at),
    request: readAskedRequest(reader.raw("request") ?? {}, childField(at, "request"), missing.includes("request") ? [] : errors),
    expect: readExpectation(reader.raw("expect") ?? {}, childField(at, "expect"), missing.includes("expect") ? [] : errors),
  };
}

function readExpectation(value: unknown, at: string, errors: FieldError[]): Expectation {
  const known = errors.length;
  const reader = new FieldReader(value, at, ["object", "service", "status", "path", "headers"], errors);
  const object = reader.text("object");
  const services = reader.texts("service");
  const status = reader.integer("status", 100, 599);
  const path = reader.text("path");
  const headers = reader.mapping("headers", "a text, a list of texts, or null", isValueOrNull);
  const wrong = (name: string, message: string) => errors.push({ field: childField(at, name), message });
  if (object !== undefined && !OBJECT.test(object)) wrong("object", "write it as namespace/name or Kind/namespace/name");
  if (services?.every((service) => SERVICE.test(service)) === false)
    wrong("service", "write it as namespace/name or namespace/name:port");
  const expectation = {
    ...(object === undefined ? {} : { object }),
    ...(services === undefined ? {} : { services }),
    ...(status === undefined ? {} : { status }),
    ...(path === undefined ? {} : { path }),
    ...(headers === undefined ? {} : { headers: headers.map(([name, one]) => [name.toLowerCase(), valuesOf(one)] as const) }),
  };
  if (Object.keys(expectation).length === 0 && errors.length === known) {
    errors.push({ field: at, message: "nothing is expected: write object, service, status, path or headers" });
  }
  return expectation;
}

function isValueOrNull(value: unknown): value is string | readonly string[] | null {
  return value === null || isTextOrTexts(value);
}

function valuesOf(value: string | readonly string[] | null): readonly string[] | null {
  return typeof value === "string" ? [value] : value;
}

/** With the line, and the field as seen from its case. */
function located({ field, message }: FieldError, lineOf: (field: string) => number): CaseError {
  const inCase = field.replace(/^\[\d+\]\.?/, "");
  return { line: lineOf(field), message: inCase === "" ? message : `${inCase}: ${message}` };
}

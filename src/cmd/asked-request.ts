import type { AskedRequest } from "./explain-request.ts";
import { type FieldError, FieldReader, isTextOrTexts } from "./read-fields.ts";

const FIELDS = ["url", "method", "headers", "clientIP", "entryPoint"] as const;

/**
 * Reads a request as files of requests write it: `{url, method, headers, clientIP, entryPoint}`, all but `url` optional. `headers`
 * are names with a text, or a list of texts. What is wrong is added to `errors`; then the request is not to be used.
 */
export function readAskedRequest(value: unknown, at: string, errors: FieldError[]): AskedRequest {
  const reader = new FieldReader(value, at, FIELDS, errors);
  const url = reader.requiredText("url");
  const headers = reader.mapping("headers", 'a text (in quotes, as in "1"), or a list of texts', isTextOrTexts) ?? [];
  const entryPoint = reader.text("entryPoint");
  return {
    url,
    method: reader.text("method") ?? "GET",
    headers: headers.flatMap(([name, values]) => [values].flat().map((one) => `${name}: ${one}`)),
    clientIp: reader.text("clientIP") ?? "127.0.0.1",
    ...(entryPoint === undefined ? {} : { entryPoint }),
  };
}

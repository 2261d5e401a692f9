import { HEAD_BYTES_MAX } from "../http1/limits.ts";
import { parseResponseHead, type ResponseFraming, type ResponseHead, responseFraming } from "../http1/response-parser.ts";
import { countLines, HEAD_TEXT, NAME, OF_CONNECTIONS } from "./request-head.ts";

/**
 * Reads the header block of a response, names and values in turn, as it came: it becomes a head of HTTP/1.1 in `HEAD_TEXT`, and is read by
 * that engine's parser. False when no server may send it.
 */
export function readResponseBlock(fields: readonly string[], into: ResponseHead): boolean {
  const status = fields[0] === ":status" ? (fields[1] as string) : "";
  if (!/^[1-9][0-9]{2}$/.test(status)) return false;
  let text = `HTTP/1.1 ${status}\r\n`;
  for (let i = 2; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (!NAME.test(name) || OF_CONNECTIONS.has(name)) return false;
    text += `${name}: ${fields[i + 1]}\r\n`;
  }
  text += "\r\n";
  if (text.length > HEAD_BYTES_MAX || countLines(text) !== fields.length / 2 + 1) return false;
  HEAD_TEXT.write(text, 0, "latin1");
  if (parseResponseHead(HEAD_TEXT, 0, text.length, into) !== text.length) return false;
  into.minor = 2;
  return true;
}

/** How the body after a head ends; null when the head says one thing and its frames another. `isWhole`: no frame follows. */
export function framingOf(head: ResponseHead, method: string, isWhole: boolean): ResponseFraming | null {
  const framing = responseFraming(head, method);
  if (framing === "none") return framing;
  if (!isWhole) return framing === "close" ? "chunked" : framing;
  if (head.contentLength > 0) return null;
  head.contentLength = 0;
  return "length";
}

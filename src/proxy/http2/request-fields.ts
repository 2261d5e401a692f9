import { Buffer } from "node:buffer";
import type { HttpExchange } from "../http1/exchange.ts";
import type { ForwardedText } from "../http1/forwarded.ts";
import { out } from "../http1/out-buffer.ts";
import { writeRequestHead } from "../http1/request-writer.ts";
import type { FieldList } from "./response-fields.ts";

/** Fields of an HTTP/1.1 head that HTTP/2 says otherwise (RFC 9113 §8.2.2, §8.3.1). */
const SAID_OTHERWISE: ReadonlySet<string> = new Set(["host", "connection", "te", "transfer-encoding", "upgrade"]);

/**
 * The head of `exchange` as it goes to a server in HTTP/2: the one that would go in HTTP/1.1, so that what a server is told is settled in
 * one place, whatever protocol it speaks.
 */
export function requestFields(exchange: HttpExchange, host: string, forwarded: ForwardedText, scheme: string): FieldList {
  const from = out.length;
  writeRequestHead(exchange, host, forwarded);
  const lines = Buffer.from(out.copyFrom(from)).toString("latin1").split("\r\n");
  out.clear();
  const target = (lines[0] as string).split(" ")[1] as string;
  const authority = (lines[1] as string).slice("Host: ".length);
  const fields: FieldList = [":method", exchange.method, ":scheme", scheme, ":authority", authority, ":path", target];
  // The head ends with an empty line, which is two pieces of nothing.
  for (let i = 2; i < lines.length - 2; i++) {
    const line = lines[i] as string;
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    if (!SAID_OTHERWISE.has(name)) fields.push(name, line.slice(colon + 2));
  }
  if (exchange.head.takesTrailers) fields.push("te", "trailers");
  return fields;
}

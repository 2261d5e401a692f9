import type { Reply } from "../../extensions/middlewares/exchange.ts";
import type { HttpExchange } from "../http1/exchange.ts";
import { HeaderId } from "../http1/header-id.ts";
import { replyOfStatus } from "./reply.ts";

/** The proxy as last recipient says nothing about the resource: nobody asked its server. */
const OPTIONS_REPLY: Reply = { status: 204, headers: [], body: "" };
/** Reflecting a request shows its credentials to scripts, so TRACE is for servers that want it. */
const TRACE_REPLY: Reply = { ...replyOfStatus(405), headers: [...replyOfStatus(405).headers, ["Allow", "OPTIONS"]] };

/**
 * The proxy's own answer to an OPTIONS or TRACE request that may go no further (RFC 9110 §7.6.2); undefined for every other one, whose
 * Max-Forwards is counted down when it is written.
 */
export function replyAsLast(exchange: HttpExchange): Reply | undefined {
  if (!countsForwards(exchange)) return undefined;
  const { head } = exchange;
  for (let field = 0; field < head.count; field++) {
    if (head.known[field] === HeaderId.maxForwards && readMaxForwards(exchange, field) === 0)
      return exchange.method === "OPTIONS" ? OPTIONS_REPLY : TRACE_REPLY;
  }
  return undefined;
}

/** Whether Max-Forwards means anything for the request's method. */
export function countsForwards({ method }: HttpExchange): boolean {
  return method === "OPTIONS" || method === "TRACE";
}

/** The value of the field at this position of the head; -1 when it is no number, which is as if it were not there. */
export function readMaxForwards({ head, bytes }: HttpExchange, field: number): number {
  const text = bytes.toString("latin1", head.valueStart[field], head.valueEnd[field]);
  return /^\d{1,9}$/.test(text) ? Number(text) : -1;
}

import { ok, type Result } from "../kernel/result.ts";
import type { EntryPoint } from "../model/entry-point.ts";
import { FAILURE_MEANINGS, type Failure } from "../model/failure.ts";
import type { RoutingGraph } from "../model/graph.ts";
import { replyTo } from "../proxy/pipeline/reply.ts";
import { entryPointFor } from "./explain-entry-point.ts";
import { type AskedRequest, makeExchange, parseUrl } from "./explain-request.ts";
import { type Answer, answer, type Explanation, explain } from "./explanation.ts";
import type { ObservedExchange } from "./observed-exchange.ts";
import { RoutingTable } from "./routing-table.ts";

/** What `fairway explain --requests` says of one request. Fields may be added, never removed. */
export interface AnswerReport extends Omit<Answer, "status"> {
  readonly request: {
    readonly method: string;
    readonly url: string;
    /** Canonical, without port: what rules see. "" when the request is refused. */
    readonly host: string;
    /** Canonical: what rules see. "" when the request is refused. */
    readonly path: string;
    readonly headers: readonly string[];
    readonly clientIp: string;
    readonly entryPoint: string;
  };
  /** Why the request is refused before it comes to routing; null when it is not. */
  readonly failure: { readonly code: string; readonly message: string } | null;
  /** What the proxy answers of its own: 404, 503, or the status of `failure`; null when it passes the request on or a middleware answers. */
  readonly status: number | null;
}

/** What `fairway explain --output json` prints. Fields may be added, never removed. Schema: `docs/reference/explain.schema.json`. */
export interface ExplainReport extends AnswerReport, Pick<Explanation, "alsoMatching" | "nearMisses"> {}

/** A report, and the request as the service would get it: after the middlewares. */
export interface Explained<R> {
  readonly report: R;
  readonly exchange: ObservedExchange;
}

/** Says of requests where they go in a graph. */
export class Explainer {
  readonly table: RoutingTable;
  readonly #entryPoints: readonly EntryPoint[];
  readonly #chosen: string | null;

  /** `chosen` names the entry point of requests that name none; null leaves it to their URLs. */
  constructor(graph: RoutingGraph, entryPoints: readonly EntryPoint[], chosen: string | null) {
    this.table = new RoutingTable(graph);
    this.#entryPoints = entryPoints;
    this.#chosen = chosen;
  }

  /** With reasons, by looking at every router. Errors: what was asked is no request. */
  explain(asked: AskedRequest): Result<Explained<ExplainReport>, string> {
    return this.#ask(asked, explain, { winner: null, alsoMatching: [], nearMisses: [] });
  }

  /** Without reasons, by the proxy's index. Errors: what was asked is no request. */
  answer(asked: AskedRequest): Result<Explained<AnswerReport>, string> {
    return this.#ask(asked, answer, { winner: null });
  }

  #ask<A extends Answer>(
    asked: AskedRequest,
    look: (table: RoutingTable, entryPoint: string, exchange: ObservedExchange) => A,
    refused: Omit<A, "status">,
  ): Result<Explained<Omit<A, "status"> & AnswerReport>, string> {
    const url = parseUrl(asked.url);
    if (!url.ok) return url;
    const entryPoint = entryPointFor(this.#entryPoints, asked.entryPoint ?? this.#chosen, url.value);
    if (!entryPoint.ok) return entryPoint;
    const made = makeExchange(asked, url.value, entryPoint.value);
    if (!made.ok) return made;
    const { exchange, failure } = made.value;
    const { name } = entryPoint.value;
    const request = { ...asked, host: exchange.host, path: exchange.path, entryPoint: name };
    if (failure === null) return ok({ exchange, report: { request, ...look(this.table, name, exchange), failure: null } });
    return ok({ exchange, report: { request: { ...request, host: "", path: "" }, ...refused, ...told(failure) } });
  }
}

function told(failure: Failure): Pick<AnswerReport, "failure" | "status"> {
  const { code } = failure;
  return { failure: { code, message: FAILURE_MEANINGS[code].meaning }, status: replyTo(failure).status };
}

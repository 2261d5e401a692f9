import type { Failure } from "../../model/failure.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Pool } from "../upstream/upstream-connection.ts";

/** What became of an exchange on its way, for the access log. Each exchange has one and uses it again. */
export class ExchangeTrail {
  /** What went wrong; null as long as nothing did. */
  failure: Failure | null = null;
  /** The whole answer has been written. */
  isAnswered = false;
  /** The service that was chosen. */
  service: ObjectRef | null = null;
  /** The server that was tried last. */
  server: Pool | null = null;
  /** Servers tried. */
  attempts = 0;
  /** Bytes of the request body that came. */
  requestBytes = 0;
  /** Bytes of the response body that were written. */
  responseBytes = 0;

  clear(): void {
    this.failure = null;
    this.isAnswered = false;
    this.service = null;
    this.server = null;
    this.attempts = 0;
    this.requestBytes = 0;
    this.responseBytes = 0;
  }
}

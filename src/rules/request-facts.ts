/** What a rule may look at in a request. Implemented by the proxy's exchange and by `explain`. */
export interface RequestFacts {
  /** Canonical host: lower case, without port and trailing dot; IPv6 in brackets; "" when the request has none. */
  readonly host: string;
  /** Canonical path (see `canonical-path.ts`), beginning with `/`, or `*` for `OPTIONS *`. */
  readonly path: string;
  readonly method: string;
  /** IP address of the connection's peer (after PROXY protocol), without zone. X-Forwarded-For never counts. */
  readonly clientAddress: string;
  /** All values of a header, in order; empty when absent. `name` is lower case. `host` is not among the headers. */
  headerValues(name: string): readonly string[];
  /** All values of a query parameter, percent-decoded (`+` is a space); empty when absent. */
  queryValues(name: string): readonly string[];
}

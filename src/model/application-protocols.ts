/**
 * What the HTTP engines speak over TLS, the one we like best first (RFC 7301): what is offered where no TLSOption says otherwise, and
 * all that one can choose of.
 */
export const HTTP_PROTOCOLS: readonly string[] = ["h2", "http/1.1"];

import type { RuleWord } from "../../rules/matcher.ts";

/** What a rule may look at in a TCP connection: what is known before the first byte goes to a server. */
export interface ConnectionFacts {
  /** Server name of the ClientHello (RFC 6066 §3), lower case, without trailing dot; "" when there is none, and without TLS. */
  readonly serverName: string;
  /** IP address of the peer (after PROXY protocol), without zone. */
  readonly clientAddress: string;
  /** Protocols the ClientHello offers (RFC 7301), in order; empty when it offers none, and without TLS. */
  readonly protocols: readonly string[];
}

/** A word that looks at TCP connections (`HostSNI`, …). The language is that of HTTP rules; only the words are others. */
export interface TcpMatcher<Arg = unknown> extends RuleWord<Arg> {
  /** Whether the connection matches. Allocates nothing it need not. */
  test(facts: ConnectionFacts, arg: Arg): boolean;
  /** The server names it pins down, for an index; absent for everything else. */
  key?(arg: Arg): ServerNameKey;
}

/**
 * The connection's server name must be this for the matcher to be true. The value of a wildcard is what follows `*.`. Every form but
 * `regex` also proves its matcher; `any` fits a connection without server name too.
 */
export type ServerNameKey =
  | { readonly form: "exact" | "wildcard"; readonly value: string }
  | { readonly form: "regex" | "any"; readonly value: "" };

/** All TCP matchers by canonical name. */
export type TcpMatcherTable = ReadonlyMap<string, TcpMatcher>;

import { fail, ok } from "../../../kernel/result.ts";
import { excerpt } from "../../../rules/rule-error.ts";
import type { TcpMatcher } from "../contract.ts";

/** Bytes of a protocol name (RFC 7301 §3.1). */
const PROTOCOL_BYTES_MAX = 255;

/** The protocol of ACME's tls-alpn-01 challenge (RFC 8737): who gets its connections gets certificates. */
const ACME_PROTOCOL = "acme-tls/1";

/** The client offers this protocol, case included. That of ACME challenges cannot be asked for. */
export const alpn: TcpMatcher<string> = {
  name: "ALPN",
  arity: { min: 1, max: 1 },
  parse: ([text]) => {
    const protocol = text as string;
    const refused = (message: string, hint: string) => fail({ argument: 0, code: "InvalidRule" as const, message, hint });
    if (protocol === ACME_PROTOCOL) return refused(`protocol ${excerpt(protocol)} is kept for ACME challenges`, "");
    if (Buffer.byteLength(protocol) > PROTOCOL_BYTES_MAX)
      return refused(
        `protocol ${excerpt(protocol)} is longer than ${PROTOCOL_BYTES_MAX} bytes`,
        "write for example `h2` or `postgresql`",
      );
    return ok(protocol);
  },
  test: ({ protocols }, protocol) => protocols.includes(protocol),
};

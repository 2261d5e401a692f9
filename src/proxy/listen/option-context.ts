import { constants } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import { TLS_VERSION_MAX, TLS_VERSION_MIN, type TlsOption } from "../../model/tls-option.ts";

/** A client that negotiates anew in the middle of a connection could become somebody else (RFC 5746), and nobody needs it. */
const ALWAYS = constants.SSL_OP_NO_RENEGOTIATION;

/** What a TLSOption asks of a TLS context; null: what is built in. Certificates and ticket keys aside. Pure. */
export function optionContext(option: TlsOption | null): SecureContextOptions {
  const { minVersion = TLS_VERSION_MIN, maxVersion = TLS_VERSION_MAX, ciphers, groups, clientAuth, hasNoTickets } = option ?? {};
  return {
    minVersion,
    maxVersion,
    honorCipherOrder: true,
    secureOptions: hasNoTickets === true ? ALWAYS | constants.SSL_OP_NO_TICKET : ALWAYS,
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(groups === undefined ? {} : { ecdhCurve: groups }),
    // Never the authorities of the system: those are for servers.
    ...(clientAuth === undefined || clientAuth.authorities.length === 0 ? {} : { ca: [...clientAuth.authorities] }),
  };
}

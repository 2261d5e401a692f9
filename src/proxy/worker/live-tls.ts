import type { Certificate } from "../../model/certificate.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { TicketSecret } from "../../model/ticket-secret.ts";
import type { TlsDefaults } from "../../model/tls-defaults.ts";
import type { TlsHost } from "../../model/tls-host.ts";
import type { TlsOption } from "../../model/tls-option.ts";
import {
  ANY_HOST,
  decodeMembers,
  type Member,
  SERVER_NAME_HEAD,
  TICKET_SECRET_KEY,
  TLS_DEFAULTS_KEY,
  tlsHostKey,
} from "../route/index-keys.ts";
import { decodeEntry } from "./decode-entry.ts";
import type { SegmentReader } from "./segment-reader.ts";

/** The TLSOption that connections to a host have. */
export interface CurrentOption {
  /** As in `Router.tlsOption`: null for the default one. */
  readonly id: ResourceId<"tlsOption"> | null;
  /** Tells its versions apart; "" for what is built in. */
  readonly fingerprint: string;
  /** Null: what is built in. */
  readonly option: TlsOption | null;
}

/** Decoded options that are kept; there are few. */
const OPTIONS_MAX = 1_024;

const BUILT_IN: CurrentOption = { id: null, fingerprint: "", option: null };

/** What the live generation says of TLS connections, asked at each handshake. */
export class LiveTls {
  readonly #index: Pick<SegmentReader<unknown>, "find">;
  readonly #resources: SegmentReader<never>;
  readonly #options = new Map<string, TlsOption>();
  readonly #defaults = new Only<TlsDefaults>();
  readonly #ticketSecret = new Only<Buffer>();

  constructor(index: Pick<SegmentReader<unknown>, "find">, resources: SegmentReader<never>) {
    this.#index = index;
    this.#resources = resources;
  }

  /** Counts up whenever anything here may be another. */
  get generation(): number {
    return this.#resources.generation;
  }

  /** The option for a server name (lower case, without trailing dot; "" for none); null when nobody may connect. */
  optionFor(entryPoint: string, serverName: string): CurrentOption | null {
    const host = this.#hostFor(entryPoint, serverName);
    if (host?.option === null) return null;
    if (host?.option !== undefined) return this.#current(host.option, host.option);
    const option = this.defaults()?.option;
    if (option === null) return null;
    return option === undefined ? BUILT_IN : this.#current(option, null);
  }

  /** What counts for all connections; null where nothing is said. */
  defaults(): TlsDefaults | null {
    return this.#defaults.get(this.#members(TLS_DEFAULTS_KEY)[0], (id) => this.#decode<TlsDefaults>(id));
  }

  /** What all proxies of the class protect session tickets with; null where there is nothing of the kind. */
  ticketSecret(): Buffer | null {
    return this.#ticketSecret.get(this.#members(TICKET_SECRET_KEY)[0], (id) => {
      const resource = this.#decode<TicketSecret>(id);
      return resource === null ? null : Buffer.from(resource.secret, "base64");
    });
  }

  /** Certificates that name a server name, in a fixed order; where there are none, those with a wildcard in place of its first label. */
  certificatesFor(serverName: string): readonly Member[] {
    if (serverName === "") return [];
    const exact = this.#members(SERVER_NAME_HEAD + serverName);
    const dot = serverName.indexOf(".");
    return exact.length > 0 || dot <= 0 ? exact : this.#members(`${SERVER_NAME_HEAD}*${serverName.slice(dot)}`);
  }

  /** A certificate as it is now, or null when it is not there. Reads it each time: contexts are to be kept by fingerprint. */
  certificate(id: string): Certificate | null {
    return this.#decode<Certificate>(id);
  }

  /** The fingerprint of a certificate, or null when it is not there. */
  fingerprintOf(id: string): string | null {
    return this.#resources.find(id)?.fingerprint ?? null;
  }

  #hostFor(entryPoint: string, serverName: string): TlsHost | null {
    const dot = serverName.indexOf(".");
    const names = [...(serverName === "" ? [] : [serverName]), ...(dot > 0 ? [`*${serverName.slice(dot)}`] : []), ANY_HOST];
    for (const name of names) {
      const [member] = this.#members(tlsHostKey(entryPoint, name));
      const host = member === undefined ? null : this.#decode<TlsHost>(member.id);
      if (host !== null) return host;
    }
    return null;
  }

  /** One whose resource is not there was refused by the build thread: nobody connects. */
  #current(resource: ResourceId<"tlsOption">, id: ResourceId<"tlsOption"> | null): CurrentOption | null {
    const entry = this.#resources.find(resource);
    if (entry === null) return null;
    const { fingerprint } = entry;
    let option = this.#options.get(fingerprint);
    if (option === undefined) {
      if (this.#options.size >= OPTIONS_MAX) this.#options.clear();
      option = decodeEntry<TlsOption>(entry);
      this.#options.set(fingerprint, option);
    }
    return { id, fingerprint, option };
  }

  #members(key: string): readonly Member[] {
    const entry = this.#index.find(key);
    return entry === null ? [] : decodeMembers(entry.bytes, entry.valueStart, entry.valueEnd);
  }

  #decode<R extends Certificate | TlsHost | TlsDefaults | TicketSecret>(id: string): R | null {
    const entry = this.#resources.find(id);
    return entry === null ? null : decodeEntry<R>(entry);
  }
}

/** What was made of the one resource of its kind, as long as that is the same. */
class Only<T> {
  #fingerprint = "";
  #value: T | null = null;

  get(member: Member | undefined, make: (id: string) => T | null): T | null {
    if (member === undefined) return null;
    if (this.#fingerprint === member.fingerprint) return this.#value;
    this.#value = make(member.id);
    this.#fingerprint = member.fingerprint;
    return this.#value;
  }
}

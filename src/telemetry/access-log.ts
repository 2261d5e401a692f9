import { type AccessFormat, accessLine, CLF_HEADERS } from "./access-line.ts";
import { type ByteRange, LineWriter } from "./line-writer.ts";

/** Everything a line can say, by the name it has in `--access-log-fields` and in JSON, in the order of the line. */
export const ACCESS_FIELDS = [
  "time",
  "durationMs",
  "client",
  "entryPoint",
  "tls",
  "method",
  "host",
  "path",
  "query",
  "protocol",
  "status",
  "failure",
  "router",
  "service",
  "server",
  "attempts",
  "requestBytes",
  "responseBytes",
  "requestHeaders",
  "responseHeaders",
] as const;

export type AccessField = (typeof ACCESS_FIELDS)[number];

/** What becomes of a header: written, left out, or written without its value. */
export type HeaderMode = "keep" | "drop" | "redact";

/** What lines look like. Plain data: it goes to every worker. */
export interface AccessLogOptions {
  readonly format: AccessFormat;
  /** What a line says; in CLF the place of a field left out holds `-`. */
  readonly fields: readonly AccessField[];
  /** Of requests, by lower-case name; `*` stands for every other one, and is "drop" when it is not there. */
  readonly headers: Readonly<Record<string, HeaderMode>>;
  /** The same of responses; absent: all are dropped. */
  readonly responseHeaders?: Readonly<Record<string, HeaderMode>>;
}

/** One exchange, when it has ended. Borrowed: it is read at once. */
export interface AccessEntry {
  /** When the request's head was there, in ms since the epoch. */
  readonly startMs: number;
  /** From then to the end of the exchange. */
  readonly durationMs: number;
  /** IP address of the connection's peer. */
  readonly client: string;
  readonly entryPoint: string;
  readonly isTls: boolean;
  /** "" when the request could not be read, as `host`, `target` and `protocol` then are. */
  readonly method: string;
  readonly host: string;
  /** Request target as the client wrote it. */
  readonly target: ByteRange;
  readonly protocol: string;
  /** What the client was answered, or would have been: 499 when it went before it was. */
  readonly status: number;
  /** Code of what went wrong; "" when nothing did. */
  readonly failure: string;
  /** Kind, namespace and name of the object the router is made of; "" for none. */
  readonly router: string;
  readonly service: string;
  /** Address and port of the server that was asked last; "" for none. */
  readonly server: string;
  /** Servers that were tried. */
  readonly attempts: number;
  /** Bytes of the bodies, without framing. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** The first value of a request header that the log asks for by name, borrowed until the next; null when it is not there. */
  header(name: string): ByteRange | null;
  /** All request headers as they came. */
  headers(): Iterable<readonly [name: string, value: string]>;
  /** Response headers, those of one hop aside; none where the log does not want them. */
  responseHeaders(): Iterable<readonly [name: string, value: string]>;
}

/** Bytes kept until they are handed on. */
export const ACCESS_BUFFER_BYTES = 64 * 1024;
/** A line more, mostly. */
const BUFFER_SIZE = ACCESS_BUFFER_BYTES + 8 * 1024;

/**
 * A worker's access log. Lines are kept until there are `ACCESS_BUFFER_BYTES` of them, or somebody flushes: once a second, and when the
 * worker ends. Off means that there is none.
 */
export class AccessLog {
  /** Whether any response header is shown: they are gone when an exchange ends, so they must be kept for it. */
  readonly wantsResponseHeaders: boolean;
  /** Request headers that a line asks for by name: whoever makes entries may look for them while the head is at hand. Lower case. */
  readonly headerNames: readonly string[];
  readonly #write: (entry: AccessEntry, line: LineWriter) => void;
  readonly #send: (lines: Uint8Array<ArrayBuffer>) => void;
  readonly #lines = new LineWriter(BUFFER_SIZE);

  /** `send` gets whole lines, each with its end, to keep. */
  constructor(options: AccessLogOptions, send: (lines: Uint8Array<ArrayBuffer>) => void) {
    const { format, fields, responseHeaders = {} } = options;
    const isAnyShown = Object.values(responseHeaders).some((mode) => mode !== "drop");
    this.wantsResponseHeaders = format === "json" && fields.includes("responseHeaders") && isAnyShown;
    this.headerNames = format === "clf" ? CLF_HEADERS : [];
    this.#write = accessLine(options);
    this.#send = send;
  }

  add(entry: AccessEntry): void {
    this.#write(entry, this.#lines);
    if (this.#lines.length >= ACCESS_BUFFER_BYTES) this.flush();
  }

  flush(): void {
    if (this.#lines.length > 0) this.#send(this.#lines.take());
  }
}

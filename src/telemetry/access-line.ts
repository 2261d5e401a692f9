import type { AccessEntry, AccessField, AccessLogOptions, HeaderMode } from "./access-log.ts";

/** `json`: an object a line. `clf`: Apache's combined format, then router, server and time taken. */
export type AccessFormat = "json" | "clf";

/** What stands for a value that is not to be seen. */
const REDACTED = "REDACTED";

/** Makes the function that writes one entry as a line, with its end. */
export function accessLine(options: AccessLogOptions): (entry: AccessEntry) => string {
  return options.format === "json" ? jsonLine(options) : clfLine(options);
}

// --- JSON ---

type Headers = ReturnType<AccessEntry["headers"]>;
type Write = (entry: AccessEntry) => string;

function jsonLine({ fields, headers, responseHeaders = {} }: AccessLogOptions): Write {
  const write: Readonly<Record<AccessField, Write>> = {
    ...JSON_FIELDS,
    requestHeaders: headersObject(headers, (entry) => entry.headers()),
    responseHeaders: headersObject(responseHeaders, (entry) => entry.responseHeaders()),
  };
  const parts = fields.map((field, index) => ({ key: `${index === 0 ? "{" : ","}"${field}":`, write: write[field] }));
  return (entry) => {
    let line = parts.length === 0 ? "{" : "";
    for (const { key, write } of parts) line += key + write(entry);
    return `${line}}\n`;
  };
}

/** Addresses, tokens, canonical hosts and codes hold nothing that needs an escape. */
const JSON_FIELDS: Readonly<Record<Exclude<AccessField, "requestHeaders" | "responseHeaders">, Write>> = {
  time: ({ startMs }) => `"${isoTime(startMs)}"`,
  durationMs: ({ durationMs }) => milliseconds(durationMs),
  client: ({ client }) => `"${client}"`,
  entryPoint: ({ entryPoint }) => quoted(entryPoint),
  tls: ({ isTls }) => String(isTls),
  method: ({ method }) => `"${method}"`,
  host: ({ host }) => `"${host}"`,
  path: ({ target }) => quoted(pathOf(target)),
  query: ({ target }) => quoted(queryOf(target)),
  protocol: ({ protocol }) => `"${protocol}"`,
  status: ({ status }) => String(status),
  failure: ({ failure }) => `"${failure}"`,
  router: ({ router }) => quoted(router),
  service: ({ service }) => quoted(service),
  server: ({ server }) => `"${server}"`,
  attempts: ({ attempts }) => String(attempts),
  requestBytes: ({ requestBytes }) => String(requestBytes),
  responseBytes: ({ responseBytes }) => String(responseBytes),
};

function headersObject(modes: Readonly<Record<string, HeaderMode>>, headersOf: (entry: AccessEntry) => Headers): Write {
  const others = modes["*"] ?? "drop";
  if (others === "drop" && Object.values(modes).every((mode) => mode === "drop")) return () => "{}";
  return (entry) => {
    // Without a prototype: `__proto__` is a name like any other.
    const kept = Object.create(null) as Record<string, string>;
    for (const [name, value] of headersOf(entry)) {
      const key = name.toLowerCase();
      const mode = Object.hasOwn(modes, key) ? modes[key] : others;
      if (mode === "drop") continue;
      const shown = mode === "redact" ? REDACTED : value;
      kept[key] = Object.hasOwn(kept, key) && mode === "keep" ? `${kept[key]}, ${shown}` : shown;
    }
    return JSON.stringify(kept);
  };
}

const PLAIN = /^[ !#-[\]-~]*$/;

/** Most strings need no escapes, and looking is quicker than `JSON.stringify`. */
function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

// --- Common log format ---

function clfLine({ fields, headers }: AccessLogOptions): Write {
  const has = (field: AccessField) => fields.includes(field);
  const text = (field: AccessField, write: Write): Write => (has(field) ? write : () => "-");
  const client = text("client", (entry) => entry.client);
  const time = text("time", (entry) => `[${clfTime(entry.startMs)}]`);
  const status = text("status", (entry) => String(entry.status));
  const bytes = text("responseBytes", (entry) => (entry.responseBytes === 0 ? "-" : String(entry.responseBytes)));
  const router = text("router", (entry) => clfQuoted(entry.router));
  const server = text("server", (entry) => clfQuoted(entry.server));
  const duration = text("durationMs", (entry) => `${Math.round(entry.durationMs)}ms`);
  const request = clfRequest(fields);
  const [referer, agent] = CLF_HEADERS.map((name) => clfHeader(name, headers)) as [Write, Write];
  return (entry) =>
    `${client(entry)} - - ${time(entry)} ${request(entry)} ${status(entry)} ${bytes(entry)} ${referer(entry)} ${agent(entry)} ` +
    `${router(entry)} ${server(entry)} ${duration(entry)}\n`;
}

/** The request headers of the combined format. */
export const CLF_HEADERS = ["referer", "user-agent"] as const;

function clfRequest(fields: readonly AccessField[]): Write {
  const part = (field: AccessField, write: Write): Write => (fields.includes(field) ? write : () => "-");
  const method = part("method", (entry) => entry.method);
  const path = part("path", (entry) => pathOf(entry.target));
  const query = fields.includes("query") ? (entry: AccessEntry) => entry.target.slice(pathOf(entry.target).length) : () => "";
  const protocol = part("protocol", (entry) => entry.protocol);
  return (entry) =>
    entry.method === "" ? '"-"' : clfQuoted(`${method(entry)} ${path(entry)}${query(entry)} ${protocol(entry)}`);
}

/** The combined format shows these two unless they are told not to be. */
function clfHeader(name: string, modes: Readonly<Record<string, HeaderMode>>): Write {
  const mode = modes[name] ?? modes["*"] ?? "keep";
  if (mode === "drop") return () => '"-"';
  return (entry) => {
    const value = entry.header(name);
    return value === null ? '"-"' : clfQuoted(mode === "redact" ? REDACTED : value);
  };
}

/** In quotes; what could end them, or the line, and what terminals obey, as `\\xHH`. */
function clfQuoted(text: string): string {
  if (text === "") return '"-"';
  if (PLAIN.test(text)) return `"${text}"`;
  return `"${text.replace(/[^ !#-[\]-~]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`)}"`;
}

// --- values ---

function pathOf(target: string): string {
  const mark = target.indexOf("?");
  return mark < 0 ? target : target.slice(0, mark);
}

function queryOf(target: string): string {
  const mark = target.indexOf("?");
  return mark < 0 ? "" : target.slice(mark + 1);
}

/** Three digits behind the point. Made of integers, since doubles take long to be written. */
function milliseconds(ms: number): string {
  const us = Math.round(ms * 1_000);
  const whole = Math.floor(us / 1_000);
  return `${whole}.${threeDigits(us - whole * 1_000)}`;
}

function threeDigits(number: number): string {
  return number > 99 ? String(number) : number > 9 ? `0${number}` : `00${number}`;
}

/** The second in hand, in both spellings: most lines are of the same one as the line before. */
let second = Number.NaN;
let isoSecond = "";
let clfSecond = "";

function isoTime(ms: number): string {
  tell(ms);
  return `${isoSecond}.${threeDigits(Math.floor(ms) - second * 1_000)}Z`;
}

function clfTime(ms: number): string {
  tell(ms);
  return clfSecond;
}

function tell(ms: number): void {
  const now = Math.floor(ms / 1_000);
  if (now === second) return;
  second = now;
  const date = new Date(now * 1_000);
  isoSecond = date.toISOString().slice(0, 19);
  // "Sat, 21 Nov 2026 15:04:05 GMT"
  const [, day, month, year, time] = date.toUTCString().split(" ");
  clfSecond = `${day}/${month}/${year}:${time} +0000`;
}

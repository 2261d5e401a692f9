import type { AccessEntry, AccessField, AccessLogOptions, HeaderMode } from "./access-log.ts";
import type { ByteRange, LineWriter } from "./line-writer.ts";

/** `json`: an object a line. `clf`: Apache's combined format, then router, server and time taken. */
export type AccessFormat = "json" | "clf";

/** What stands for a value that is not to be seen. */
const REDACTED = "REDACTED";
const QUESTION_MARK = 0x3f;

/** Makes the function that writes one entry as a line, with its end. */
export function accessLine(options: AccessLogOptions): WriteLine {
  return options.format === "json" ? jsonLine(options) : clfLine(options);
}

type WriteLine = (entry: AccessEntry, line: LineWriter) => void;

// --- JSON ---

function jsonLine({ fields, headers, responseHeaders = {} }: AccessLogOptions): WriteLine {
  const write: Readonly<Record<AccessField, WriteLine>> = {
    ...JSON_FIELDS,
    requestHeaders: headersObject(headers, (entry) => entry.headers()),
    responseHeaders: headersObject(responseHeaders, (entry) => entry.responseHeaders()),
  };
  const parts = fields.map((field, index) => ({ key: `${index === 0 ? "{" : ","}"${field}":`, write: write[field] }));
  return (entry, line) => {
    if (parts.length === 0) line.text("{");
    for (const { key, write } of parts) {
      line.text(key);
      write(entry, line);
    }
    line.text("}\n");
  };
}

/** Addresses, tokens, canonical hosts and codes hold nothing that needs an escape, which `json` sees at once. */
const JSON_FIELDS: Readonly<Record<Exclude<AccessField, "requestHeaders" | "responseHeaders">, WriteLine>> = {
  time: ({ startMs }, line) => line.json(isoTime(startMs)),
  durationMs: ({ durationMs }, line) => line.text(milliseconds(durationMs)),
  client: ({ client }, line) => line.json(client),
  entryPoint: ({ entryPoint }, line) => line.json(entryPoint),
  tls: ({ isTls }, line) => line.text(String(isTls)),
  method: ({ method }, line) => line.json(method),
  host: ({ host }, line) => line.json(host),
  path: ({ target }, line) => line.jsonRange({ ...target, end: pathEnd(target) }),
  query: ({ target }, line) => line.jsonRange({ ...target, start: Math.min(pathEnd(target) + 1, target.end) }),
  protocol: ({ protocol }, line) => line.json(protocol),
  status: ({ status }, line) => line.text(String(status)),
  failure: ({ failure }, line) => line.json(failure),
  router: ({ router }, line) => line.json(router),
  service: ({ service }, line) => line.json(service),
  server: ({ server }, line) => line.json(server),
  attempts: ({ attempts }, line) => line.text(String(attempts)),
  requestBytes: ({ requestBytes }, line) => line.text(String(requestBytes)),
  responseBytes: ({ responseBytes }, line) => line.text(String(responseBytes)),
};

type Headers = ReturnType<AccessEntry["headers"]>;

function headersObject(modes: Readonly<Record<string, HeaderMode>>, headersOf: (entry: AccessEntry) => Headers): WriteLine {
  const others = modes["*"] ?? "drop";
  if (others === "drop" && Object.values(modes).every((mode) => mode === "drop")) return (_, line) => line.text("{}");
  return (entry, line) => {
    // Without a prototype: `__proto__` is a name like any other.
    const kept = Object.create(null) as Record<string, string>;
    for (const [name, value] of headersOf(entry)) {
      const key = name.toLowerCase();
      const mode = Object.hasOwn(modes, key) ? modes[key] : others;
      if (mode === "drop") continue;
      const shown = mode === "redact" ? REDACTED : value;
      kept[key] = Object.hasOwn(kept, key) && mode === "keep" ? `${kept[key]}, ${shown}` : shown;
    }
    line.utf8(JSON.stringify(kept));
  };
}

// --- Common log format ---

function clfLine({ fields, headers }: AccessLogOptions): WriteLine {
  const part = (field: AccessField, write: WriteLine): WriteLine => (fields.includes(field) ? write : leftOut);
  const parts: readonly (readonly [before: string, write: WriteLine])[] = [
    ["", part("client", ({ client }, line) => line.text(client))],
    [" - - ", part("time", ({ startMs }, line) => line.text(clfTime(startMs)))],
    [" ", clfRequest(fields)],
    [" ", part("status", ({ status }, line) => line.text(String(status)))],
    [" ", part("responseBytes", ({ responseBytes }, line) => line.text(responseBytes === 0 ? "-" : String(responseBytes)))],
    ...CLF_HEADERS.map((name) => [" ", clfHeader(name, headers)] as const),
    [" ", part("router", ({ router }, line) => line.clf(router))],
    [" ", part("server", ({ server }, line) => line.clf(server))],
    [" ", part("durationMs", ({ durationMs }, line) => line.text(`${Math.round(durationMs)}ms`))],
  ];
  return (entry, line) => {
    for (const [before, write] of parts) {
      line.text(before);
      write(entry, line);
    }
    line.text("\n");
  };
}

/** The request headers of the combined format. */
export const CLF_HEADERS = ["referer", "user-agent"] as const;

function leftOut(_: AccessEntry, line: LineWriter): void {
  line.text("-");
}

function clfRequest(fields: readonly AccessField[]): WriteLine {
  const [hasMethod, hasPath, hasQuery, hasProtocol] = (["method", "path", "query", "protocol"] as const).map((field) =>
    fields.includes(field),
  );
  return ({ method, target, protocol }, line) => {
    if (method === "") {
      line.text('"-"');
      return;
    }
    line.text('"');
    line.text(hasMethod ? method : "-");
    line.text(" ");
    const middle = hasPath && hasQuery ? target.end : pathEnd(target);
    if (hasPath) line.escapedRange(target.bytes, target.start, middle);
    else line.text("-");
    if (hasQuery) line.escapedRange(target.bytes, middle, target.end);
    line.text(" ");
    line.text(hasProtocol ? protocol : "-");
    line.text('"');
  };
}

/** The combined format shows these two unless they are told not to be. */
function clfHeader(name: string, modes: Readonly<Record<string, HeaderMode>>): WriteLine {
  const mode = modes[name] ?? modes["*"] ?? "keep";
  if (mode === "drop") return (_, line) => line.text('"-"');
  return (entry, line) => {
    const value = entry.header(name);
    if (value === null) line.text('"-"');
    else if (mode === "redact") line.clf(REDACTED);
    else line.clfRange(value);
  };
}

// --- values ---

/** Where the query begins, with its `?`, or the target ends. */
function pathEnd({ bytes, start, end }: ByteRange): number {
  let i = start;
  while (i < end && bytes[i] !== QUESTION_MARK) i++;
  return i;
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
  clfSecond = `[${day}/${month}/${year}:${time} +0000]`;
}

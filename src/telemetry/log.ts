import pino from "pino";

/** What varies in a line; the message itself is constant. Secrets never go in bare: they are `Redacted` from birth. */
export type LogFields = Readonly<Record<string, unknown>>;

export type LogLevel = "info" | "warn" | "error";

/** A component's log. Components take one as a parameter and know nothing of where lines go. */
export interface Logger {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with `component` set. */
  child(component: string): Logger;
}

/** JSON lines on stderr; stdout stays free for what a command answers. */
export function stderrLogger(level: LogLevel | "silent" = "info"): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    messageKey: "message",
    formatters: { level: (label) => ({ level: label }) },
  };
  return wrap(pino(options, pino.destination({ dest: 2, sync: true })));
}

/** Says nothing: for tests and for commands that print for people. */
export const silentLogger: Logger = {
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};

function wrap(logger: pino.Logger): Logger {
  return {
    info: (message, fields = {}) => logger.info(plain(fields), message),
    warn: (message, fields = {}) => logger.warn(plain(fields), message),
    error: (message, fields = {}) => logger.error(plain(fields), message),
    child: (component) => wrap(logger.child({ component })),
  };
}

/** Errors as their message (stacks only confuse who reads JSON lines); everything else as it is. */
function plain(fields: LogFields): LogFields {
  const entries = Object.entries(fields);
  return entries.some(([, value]) => value instanceof Error)
    ? Object.fromEntries(entries.map(([name, value]) => [name, value instanceof Error ? errorText(value) : value]))
    : fields;
}

/** An error's message with those of its causes. */
function errorText(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${errorText(error.cause)}` : error.message;
}

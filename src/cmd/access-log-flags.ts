import { closeSync, openSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { AccessFormat } from "../telemetry/access-line.ts";
import { ACCESS_FIELDS, type AccessField, type AccessLogOptions, type HeaderMode } from "../telemetry/access-log.ts";
import { wrongUse } from "./cli.ts";

/** What the flags of the access log come to. */
export interface AccessLogFlags {
  readonly accessLog?: AccessFormat;
  readonly accessLogFile?: string;
  readonly accessLogFields: readonly AccessField[];
  readonly accessLogHeaders: Readonly<Record<string, HeaderMode>>;
  readonly accessLogResponseHeaders?: Readonly<Record<string, HeaderMode>>;
}

/** Adds the flags to a command that carries traffic. */
export function withAccessLog(command: Command): Command {
  return command
    .addOption(new Option("--access-log <FORMAT>", "log every request (default: off)").choices(["json", "clf"]))
    .option("--access-log-file <FILE>", "add to this file, rather than write to stdout")
    .addOption(
      new Option("--access-log-fields <NAMES>", `what a line says: names, or -names to leave out, of ${ACCESS_FIELDS.join(", ")}`)
        .argParser(parseFields)
        .default(ACCESS_FIELDS, "all"),
    )
    .addOption(
      new Option(
        "--access-log-headers <NAME=keep|drop|redact,...>",
        "request headers to write, leave out, or write without their value; * stands for the others",
      )
        .argParser(parseHeaders)
        .default({}, "none; in clf User-Agent and Referer"),
    )
    .addOption(
      new Option("--access-log-response-headers <NAME=keep|drop|redact,...>", "the same of response headers; not in clf")
        .argParser(parseHeaders)
        .default({}, "none"),
    );
}

/** The access log that is asked for, as the supervisor takes it. Ends the command when its file cannot be added to. */
export function accessLogOf(flags: AccessLogFlags): {
  readonly accessLog?: { readonly options: AccessLogOptions; readonly file: string | null };
} {
  const { accessLog: format, accessLogFile: file = null, accessLogFields: fields, accessLogHeaders: headers } = flags;
  const { accessLogResponseHeaders: responseHeaders = {} } = flags;
  if (format === undefined) return file === null ? {} : wrongUse("--access-log-file needs --access-log json or clf");
  if (file !== null) tryFile(file);
  return { accessLog: { options: { format, fields, headers, responseHeaders }, file } };
}

function tryFile(file: string): void {
  try {
    closeSync(openSync(file, "a"));
  } catch (error) {
    wrongUse(`"${file}" cannot be written: ${(error as Error).message}`);
  }
}

/** For commander: names in the order given, or every field without those that are marked `-`. */
export function parseFields(text: string): readonly AccessField[] {
  const names = text.split(",").map((name) => name.trim());
  const left = names.filter((name) => name.startsWith("-"));
  if (left.length > 0 && left.length < names.length) throw new InvalidArgumentError("Either names, or names to leave out.");
  const fields = names.map((name) => fieldNamed(name.replace(/^-/, "")));
  return left.length > 0 ? ACCESS_FIELDS.filter((field) => !fields.includes(field)) : [...new Set(fields)];
}

function fieldNamed(name: string): AccessField {
  const field = ACCESS_FIELDS.find((known) => known === name);
  if (field === undefined) throw new InvalidArgumentError(`There is no field "${name}". There are: ${ACCESS_FIELDS.join(", ")}.`);
  return field;
}

/** For commander: what becomes of headers, by lower-case name. */
export function parseHeaders(text: string): Readonly<Record<string, HeaderMode>> {
  const modes: Record<string, HeaderMode> = {};
  for (const part of text.split(",")) {
    const match = /^\s*(\*|[A-Za-z0-9!#$%&'+\-.^_`|~]+)=(keep|drop|redact)\s*$/.exec(part);
    if (match === null) throw new InvalidArgumentError(`Write it as NAME=keep, NAME=drop or NAME=redact, as in User-Agent=keep.`);
    modes[(match[1] as string).toLowerCase()] = match[2] as HeaderMode;
  }
  return modes;
}

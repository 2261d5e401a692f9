import { invalidOption, type OptionProblem } from "./contract.ts";

/** Headers that frame a message or belong to one connection (RFC 9110 §7.6.1): the engine's alone, whatever options say. */
const FRAMING: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What is wrong with a header's name that was written in options; undefined when it can be used. A name is a token (RFC 9110 §5.1). */
export function headerNameProblem(name: string, field: string): OptionProblem | undefined {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return invalidOption(field, `${JSON.stringify(name)} is not a header name`);
  if (FRAMING.has(name.toLowerCase()))
    return invalidOption(field, `${name} cannot be changed: it frames the message`, "remove it");
  return undefined;
}

/** What is wrong with a header's value that was written in options; undefined when it can be used. Visible ASCII, space and tab may be in it. */
export function headerValueProblem(value: string, field: string): OptionProblem | undefined {
  if (/^[\t\x20-\x7e]*$/.test(value)) return undefined;
  return invalidOption(
    field,
    "the value holds a line break or another character that headers cannot carry",
    "use visible ASCII characters",
  );
}

/** The field of an entry of a map option, as in `customRequestHeaders["X-Team"]`. */
export function entryField(option: string, name: string): string {
  return `${option}[${JSON.stringify(name)}]`;
}

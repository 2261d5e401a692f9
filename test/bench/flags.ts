import { parseArgs } from "node:util";

/** What the flags of a bench come to. */
export type Flags<Name extends string> = Readonly<Record<Name, number>> & { readonly json: boolean };

/**
 * Flags that take numbers, with what they are by default, and `--json`. Null after `--help`, which it answers by printing `usage`. Throws
 * what `parseArgs` throws on other flags and on what is no number.
 */
export function flagsOf<Name extends string>(
  args: readonly string[],
  usage: string,
  defaults: Readonly<Record<Name, number>>,
): Flags<Name> | null {
  const names = Object.keys(defaults) as Name[];
  const texts = Object.fromEntries(names.map((name) => [name, { type: "string", default: String(defaults[name]) }] as const));
  const switches = { json: { type: "boolean" }, help: { type: "boolean" } } as const;
  const { values } = parseArgs({ args: [...args], options: { ...texts, ...switches } });
  if (values.help) {
    process.stdout.write(usage);
    return null;
  }
  const said = values as Readonly<Record<string, unknown>>;
  const numbers = Object.fromEntries(names.map((name) => [name, numberOf(name, said[name])])) as Record<Name, number>;
  return { ...numbers, json: values.json === true };
}

function numberOf(name: string, text: unknown): number {
  const value = Number(text);
  if (text !== "" && Number.isFinite(value)) return value;
  throw wrongFlag(`--${name} is a number, not "${text}"`);
}

/** An error that is told as those of `parseArgs` are. */
export function wrongFlag(message: string): Error {
  return Object.assign(new Error(message), { code: "ERR_PARSE_ARGS_INVALID_OPTION_VALUE" });
}

/** A flag that is a whole number from 1 on. Throws what a wrong flag throws. */
export function wholeNumber(name: string, text: string | undefined, byDefault: number): number {
  const value = text === undefined ? byDefault : Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw wrongFlag(`--${name} is a whole number from 1 on, not "${text}"`);
}

import { closest, distance } from "fastest-levenshtein";
import { childField } from "../control/validate/field-path.ts";

/** What is wrong with a value that was written by hand; `field` is its path, as in `expect.status`, "" for the whole. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** How many letters a name may differ in to be taken for a slip. */
const SLIP_MAX = 3;

/** Reads the fields of an object one by one, and collects what is wrong with them; nothing it reads makes it throw. */
export class FieldReader {
  readonly errors: FieldError[];
  readonly #at: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  /** `allowed` are the names there may be. */
  constructor(value: unknown, at: string, allowed: readonly string[], errors: FieldError[]) {
    this.errors = errors;
    this.#at = at;
    if (!isRecord(value)) {
      this.#fields = {};
      this.#wrong(at, `expected an object with ${allowed.join(", ")}, found ${shown(value)}`);
      return;
    }
    this.#fields = value;
    for (const name of Object.keys(value)) {
      if (!allowed.includes(name)) this.#wrong(childField(at, name), `unknown field "${name}"${suggestion(name, allowed)}`);
    }
  }

  /** Whether the field is there, even if it is null. */
  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name);
  }

  /** As it is; undefined when it is not there. */
  raw(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }

  /** A text that is not empty; undefined when it is not there, or is none. */
  text(name: string): string | undefined {
    return this.#typed(name, "a text that is not empty", (value) => typeof value === "string" && value !== "");
  }

  /** A text that has to be there. */
  requiredText(name: string): string {
    if (!this.has(name)) this.#wrong(this.#at, `${name} is missing`);
    return this.text(name) ?? "";
  }

  /** A whole number within bounds. */
  integer(name: string, min: number, max: number): number | undefined {
    const isFit = (value: unknown) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
    return this.#typed(name, `a whole number from ${min} to ${max}`, isFit);
  }

  /** One text, or several. */
  texts(name: string): readonly string[] | undefined {
    const value = this.#typed<string | readonly string[]>(name, "a text, or a list of texts", isTextOrTexts);
    return typeof value === "string" ? [value] : value;
  }

  /** A mapping of names to what `isFit` accepts, as pairs. */
  mapping<T>(name: string, what: string, isFit: (value: unknown) => value is T): readonly (readonly [string, T])[] | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    const at = childField(this.#at, name);
    if (!isRecord(value)) {
      this.#wrong(at, `expected names with values, found ${shown(value)}`);
      return undefined;
    }
    return Object.entries(value).filter((entry): entry is [string, T] => {
      if (isFit(entry[1])) return true;
      this.#wrong(childField(at, entry[0]), `expected ${what}, found ${shown(entry[1])}`);
      return false;
    });
  }

  #typed<T>(name: string, what: string, isFit: (value: unknown) => boolean): T | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (isFit(value)) return value as T;
    this.#wrong(childField(this.#at, name), `expected ${what}, found ${shown(value)}`);
    return undefined;
  }

  #wrong(field: string, message: string): void {
    this.errors.push({ field, message });
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a text, or a list of at least one. */
export function isTextOrTexts(value: unknown): value is string | readonly string[] {
  if (Array.isArray(value)) return value.length > 0 && value.every((one) => typeof one === "string");
  return typeof value === "string";
}

/** A value as messages show it, cut short; numbers and the like with what to do about them. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  const text = JSON.stringify(value);
  return typeof value === "string" ? `${text.slice(0, 60)}` : `the ${typeof value} ${text}`;
}

function suggestion(name: string, allowed: readonly string[]): string {
  const nearest = closest(name, [...allowed]);
  return distance(name.toLowerCase(), nearest.toLowerCase()) <= SLIP_MAX
    ? `, did you mean "${nearest}"?`
    : `; known are ${allowed.join(", ")}`;
}

import type { ObjectRef } from "../../model/object-ref.ts";

/** Carries the reason of a refusal out of the depth of a trial. */
export class RefusedError extends Error {}

/** Throws a RefusedError that names the field, unless the condition holds. */
export function requireForm(condition: boolean, field: string): void {
  if (!condition) throw new RefusedError(`the field ${field} has a form that is not known here`);
}

/** A text. */
export function isText(value: unknown): boolean {
  return typeof value === "string";
}

/** Absent, or true. */
export function isFlag(value: unknown): boolean {
  return value === undefined || value === true;
}

/** A list of texts. */
export function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

/** Names an object. */
export function isObjectRef({ kind, namespace, name }: Partial<ObjectRef>): boolean {
  return isTexts([kind, namespace, name]);
}

/** A whole number within bounds. */
export function isIntegerIn(value: unknown, min: number, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}

/** Absent, null, or a name: as in `Router.tlsOption`. */
export function isOptionReference(value: unknown): boolean {
  return value === undefined || value === null || isText(value);
}

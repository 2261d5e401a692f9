/**
 * JSON with sorted keys and no white space: equal values give equal text, whatever order they were built in. (Keys that are whole
 * numbers come first, in the order of numbers, as JavaScript has it.)
 *
 * Members that are `undefined` are left out, as in `JSON.stringify`. Values must be plain JSON (no cycles, no Date).
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(ordered(value)) ?? "null";
}

/**
 * The value, built in the order of keys: itself where it is, else a copy. One call of `JSON.stringify` on that takes half the time of
 * putting texts together, and what is built in the order of keys from the start, as resources are, is not copied.
 */
function ordered(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  return Array.isArray(value) ? orderedArray(value) : orderedRecord(value as Record<string, unknown>);
}

function orderedArray(value: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | null = null;
  for (let index = 0; index < value.length; index++) {
    const member = ordered(value[index]);
    if (copy === null && member === value[index]) continue;
    copy ??= value.slice(0, index);
    copy.push(member);
  }
  return copy ?? value;
}

function orderedRecord(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const keys = Object.keys(record);
  let copy: Record<string, unknown> | null = sort(keys) ? null : {};
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string;
    const member = ordered(record[key]);
    if (copy === null && member === record[key]) continue;
    copy ??= copyOf(record, keys, index);
    put(copy, key, member);
  }
  return copy ?? record;
}

/** The first `count` members. */
function copyOf(record: Readonly<Record<string, unknown>>, keys: readonly string[], count: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key of keys.slice(0, count)) put(copy, key, record[key]);
  return copy;
}

function put(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(record, key, { value, enumerable: true });
  else record[key] = value;
}

/** Sorts keys in place; whether they were sorted. Made for the few keys a record has, of which most are where they belong. */
function sort(keys: string[]): boolean {
  if (keys.length > FEW_KEYS_MAX) {
    keys.sort();
    return false;
  }
  let wasSorted = true;
  for (let index = 1; index < keys.length; index++) {
    const key = keys[index] as string;
    let at = index;
    for (; at > 0 && (keys[at - 1] as string) > key; at--) keys[at] = keys[at - 1] as string;
    keys[at] = key;
    wasSorted &&= at === index;
  }
  return wasSorted;
}

/** Keys up to which insertion beats the sort of the language. */
const FEW_KEYS_MAX = 32;

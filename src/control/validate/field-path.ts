/**
 * The path of a field as Problems spell it: `spec.routes[0].match`, `metadata.labels[app.kubernetes.io/name]`.
 *
 * Keys made of letters, digits, `_` and `-` follow a dot; every other key stands in brackets, as array positions do.
 */
export function childField(parent: string, key: string | number): string {
  if (typeof key === "number" || !/^[\w-]+$/.test(key)) return `${parent}[${key}]`;
  return parent === "" ? key : `${parent}.${key}`;
}

/** The keys and positions a field path is made of, all as text. A key in brackets must not hold `]`. */
export function fieldKeys(field: string): readonly string[] {
  return [...field.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map((match) => match[1] ?? match[2] ?? "");
}

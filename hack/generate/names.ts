/** `strip-prefix` → `stripPrefix`: from a folder's name to a key of a spec or the name of an export. */
export function camelCase(kebab: string): string {
  return kebab.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `strip-prefix` → `StripPrefix`. */
export function pascalCase(kebab: string): string {
  const camel = camelCase(kebab);
  return camel.charAt(0).toUpperCase() + camel.slice(1);
}

/** `IngressRouteTCP` → `ingress-route-tcp`, `TLSOption` → `tls-option`: from a kind to the name of a file. */
export function kebabCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1-$2")
    .toLowerCase();
}

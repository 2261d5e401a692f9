/** Where the port of an authority begins, its colon included: its length when it has none. Knows IPv6 addresses in brackets. */
export function portStart(authority: string): number {
  const colon = authority.lastIndexOf(":");
  return colon > authority.lastIndexOf("]") ? colon : authority.length;
}

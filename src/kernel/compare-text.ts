/** The order of two texts by UTF-16 code unit: the same on every machine, unlike `localeCompare`. For `sort`. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

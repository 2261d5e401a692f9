/** One measurement, run by name from `bench.ts`. */
export interface Bench {
  readonly name: string;
  /** One line for the list. */
  readonly summary: string;
  /** Runs it with what stands behind its name; prints; answers the exit code. Wrong options throw what `parseArgs` throws. */
  run(args: readonly string[]): Promise<number>;
}

/** A table for people: the first row is the head; every column but the first is flush right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const cell = (text: string, column: number) => (column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!));
  return rows.map((row) => row.map(cell).join("  ").trimEnd()).join("\n");
}

/** The value below which `share` (0 to 1) of the sorted values lie; NaN when there are none. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

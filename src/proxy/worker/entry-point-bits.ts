/** How many entry points can be live at once: each has a bit in a 32-bit mask. */
export const ENTRY_POINTS_MAX = 31;

/** All bits: fits whatever entry point. */
export const EVERY_BIT = -1;

/** Gives each live entry point a bit, by name. A bit that became free is the last to be given again, since connections may know it. */
export class EntryPointBits {
  readonly #bits = new Map<string, number>();
  readonly #free: number[] = Array.from({ length: ENTRY_POINTS_MAX }, (_, i) => 1 << i);

  /** The bit of a live entry point; 0 for any other name. */
  bitOf(name: string): number {
    return this.#bits.get(name) ?? 0;
  }

  /** Makes these the live entry points. Returns whether that changed anything. Names beyond the limit get no bit. */
  assign(names: readonly string[]): boolean {
    const wanted = new Set(names);
    let isChanged = false;
    for (const [name, bit] of this.#bits) {
      if (wanted.has(name)) continue;
      this.#bits.delete(name);
      this.#free.push(bit);
      isChanged = true;
    }
    for (const name of wanted) {
      const bit = this.#bits.has(name) ? undefined : this.#free.shift();
      if (bit === undefined) continue;
      this.#bits.set(name, bit);
      isChanged = true;
    }
    return isChanged;
  }
}

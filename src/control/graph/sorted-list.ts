/** Changes up to which each is made on its own; with more, everything is sorted anew. */
const FEW_MAX = 64;

/**
 * Items in order, for those who ask seldom and for parts of it: changes are noted, and made when somebody asks. One change of many items
 * costs a search and a move of references (20 us among 100,000).
 */
export class SortedList<T> {
  readonly #compare: (a: T, b: T) => number;
  #items: T[] = [];
  readonly #coming = new Set<T>();
  readonly #going = new Set<T>();

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  /** Adds an item that is not in the list. */
  add(item: T): void {
    if (!this.#going.delete(item)) this.#coming.add(item);
  }

  /** Takes out an item of the list. */
  delete(item: T): void {
    if (!this.#coming.delete(item)) this.#going.add(item);
  }

  /** All items from a position on. A live view: to be read before the next change. */
  *from(position: number): Generator<T> {
    for (let at = position; at < this.#items.length; at++) yield this.#items[at] as T;
  }

  /** How many items there are. */
  get size(): number {
    return this.#items.length + this.#coming.size - this.#going.size;
  }

  /** The position of the first item that is not before what is looked for; `order` compares an item to that. */
  position(order: (item: T) => number): number {
    this.#settle();
    let [low, high] = [0, this.#items.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (order(this.#items[middle] as T) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #settle(): void {
    const [coming, going] = [[...this.#coming], [...this.#going]];
    this.#coming.clear();
    this.#going.clear();
    if (coming.length + going.length > FEW_MAX) {
      const gone = new Set(going);
      const kept = gone.size === 0 ? this.#items : this.#items.filter((item) => !gone.has(item));
      this.#items = [...kept, ...coming].sort(this.#compare);
      return;
    }
    for (const item of going) this.#items.splice(this.#items.indexOf(item, this.#positionOf(item)), 1);
    for (const item of coming) this.#items.splice(this.#positionOf(item), 0, item);
  }

  #positionOf(item: T): number {
    return this.position((other) => this.#compare(other, item));
  }
}

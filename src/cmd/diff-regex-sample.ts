/** Most samples of one expression. */
const SAMPLES_MAX = 4;

/** Samples longer than this are given up. */
const SAMPLE_LENGTH_MAX = 1024;

/** How deep groups may nest. */
const NESTING_MAX = 32;

/** What a class that excludes characters is tried with. */
const CANDIDATES = ["a", "0", "z", "-", "_", "/", ".", "A", " ", "~"];

const ESCAPED: Readonly<Record<string, string>> = { d: "0", w: "a", s: " ", D: "a", W: "-", S: "a", n: "\n", r: "\r", t: "\t" };
const EMPTY_ESCAPES = "AzbB";
const POSIX: Readonly<Record<string, string>> = { digit: "0", xdigit: "0", upper: "A", punct: "-", space: " ", blank: " " };

/**
 * A few texts that a regular expression (RE2 syntax) is likely to match, short ones first; none where it is beyond this. They are
 * guesses: whoever asks has to hold them against the expression.
 */
export function regexSamples(pattern: string): readonly string[] {
  try {
    const sampler = new Sampler(pattern);
    const samples = sampler.alternatives(0);
    return sampler.isAtEnd ? samples : [];
  } catch (reason) {
    if (reason instanceof BeyondSampler) return [];
    throw reason;
  }
}

class BeyondSampler extends Error {}

/** Reads an expression from left to right; each part gives samples of what it matches. */
class Sampler {
  readonly #text: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#text = [...pattern];
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** `a|b`: samples of each. */
  alternatives(depth: number): readonly string[] {
    if (depth > NESTING_MAX) throw new BeyondSampler();
    const samples = [...this.#sequence(depth)];
    while (this.#take("|")) samples.push(...this.#sequence(depth));
    return few(samples);
  }

  #sequence(depth: number): readonly string[] {
    let samples: readonly string[] = [""];
    while (!this.isAtEnd && this.#peek() !== "|" && this.#peek() !== ")") {
      samples = joined(samples, this.#repeated(this.#atom(depth)));
    }
    return samples;
  }

  /** One thing to be repeated. */
  #atom(depth: number): readonly string[] {
    const char = this.#next();
    if (char === "^" || char === "$") return [""];
    if (char === ".") return ["a"];
    if (char === "[") return [this.#class()];
    if (char === "(") return this.#group(depth);
    return [char === "\\" ? this.#escape() : char];
  }

  #group(depth: number): readonly string[] {
    if (this.#take("?")) {
      while (!this.isAtEnd && !":>)".includes(this.#peek())) this.#next();
      // `(?i)` sets flags and holds nothing; `(?:`, `(?i:`, `(?P<name>` and `(?<name>` hold what follows.
      if (this.#next() === ")") return [""];
    }
    const samples = this.alternatives(depth + 1);
    if (!this.#take(")")) throw new BeyondSampler();
    return samples;
  }

  /** What is repeated as rarely as may be, and once more often where that is allowed. */
  #repeated(samples: readonly string[]): readonly string[] {
    const [min, max] = this.#bounds();
    this.#take("?");
    const counts = max > min ? [Math.max(min, 1), min === 0 ? 0 : min + 1] : [min];
    const longest = Math.max(...samples.map((sample) => sample.length)) * Math.max(...counts);
    if (longest > SAMPLE_LENGTH_MAX) throw new BeyondSampler();
    return few(counts.flatMap((count) => samples.map((sample) => sample.repeat(count))));
  }

  #bounds(): readonly [min: number, max: number] {
    if (this.#take("*")) return [0, Number.POSITIVE_INFINITY];
    if (this.#take("+")) return [1, Number.POSITIVE_INFINITY];
    if (this.#take("?")) return [0, 1];
    const counted = /^\{(\d+)(,?)(\d*)\}/.exec(this.#text.slice(this.#at, this.#at + 16).join(""));
    if (counted === null) return [1, 1];
    const [whole, min = "", comma, max = ""] = counted;
    this.#at += whole.length;
    if (comma === "") return [Number(min), Number(min)];
    return [Number(min), max === "" ? Number.POSITIVE_INFINITY : Number(max)];
  }

  #escape(): string {
    const char = this.#next();
    if (EMPTY_ESCAPES.includes(char)) return "";
    if (char === "p" || char === "P") {
      if (this.#next() === "{") while (this.#next() !== "}");
      return char === "p" ? "a" : "0";
    }
    if (char === "x") return this.#hex();
    if (char === "Q") return this.#quoted();
    return ESCAPED[char] ?? char;
  }

  #hex(): string {
    let digits = "";
    if (this.#take("{")) for (let digit = this.#next(); digit !== "}"; digit = this.#next()) digits += digit;
    else digits = this.#next() + this.#next();
    const code = Number.parseInt(digits, 16);
    if (!(code <= 0x10ffff)) throw new BeyondSampler();
    return String.fromCodePoint(code);
  }

  #quoted(): string {
    let text = "";
    while (!this.isAtEnd && !(this.#peek() === "\\" && this.#text[this.#at + 1] === "E")) text += this.#next();
    this.#at = Math.min(this.#at + 2, this.#text.length);
    return text;
  }

  /** A character of a class, the bracket of which is read. */
  #class(): string {
    const isNegated = this.#take("^");
    const ranges: (readonly [from: string, to: string])[] = [];
    while (ranges.length === 0 || this.#peek() !== "]") {
      const from = this.#member();
      const isRange = this.#peek() === "-" && this.#text[this.#at + 1] !== "]";
      if (isRange) this.#next();
      ranges.push([from, isRange ? this.#member() : from]);
    }
    this.#next();
    if (!isNegated) return ranges[0]?.[0] ?? "";
    const free = CANDIDATES.find((candidate) => ranges.every(([from, to]) => candidate < from || candidate > to));
    if (free === undefined) throw new BeyondSampler();
    return free;
  }

  #member(): string {
    const char = this.#next();
    if (char === "\\") return this.#escape();
    if (char !== "[" || !this.#take(":")) return char;
    let name = "";
    while (this.#peek() !== ":") name += this.#next();
    this.#at += 2;
    return POSIX[name] ?? "a";
  }

  #peek(): string {
    const char = this.#text[this.#at];
    if (char === undefined) throw new BeyondSampler();
    return char;
  }

  #next(): string {
    const char = this.#peek();
    this.#at++;
    return char;
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }
}

/** Each sample of one part with one of the next, so that every sample of both is in some. */
function joined(heads: readonly string[], tails: readonly string[]): readonly string[] {
  const count = Math.max(heads.length, tails.length);
  const samples = Array.from({ length: count }, (_, i) => `${heads[i % heads.length]}${tails[i % tails.length]}`);
  if (samples.some((sample) => sample.length > SAMPLE_LENGTH_MAX)) throw new BeyondSampler();
  return few(samples);
}

function few(samples: readonly string[]): readonly string[] {
  return [...new Set(samples)].slice(0, SAMPLES_MAX);
}

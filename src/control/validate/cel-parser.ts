/** A parsed expression. */
export type CelNode =
  | { readonly is: "literal"; readonly value: unknown }
  | { readonly is: "list"; readonly items: readonly CelNode[] }
  | { readonly is: "name"; readonly name: string }
  | { readonly is: "member"; readonly of: CelNode; readonly name: string }
  | { readonly is: "index"; readonly of: CelNode; readonly at: CelNode }
  | { readonly is: "has"; readonly of: CelNode; readonly name: string }
  | { readonly is: "not"; readonly of: CelNode }
  | { readonly is: "choice"; readonly when: CelNode; readonly then: CelNode; readonly otherwise: CelNode }
  | { readonly is: "logic"; readonly operator: "&&" | "||"; readonly left: CelNode; readonly right: CelNode }
  | { readonly is: "compare"; readonly operator: string; readonly left: CelNode; readonly right: CelNode }
  | { readonly is: "macro"; readonly macro: Macro; readonly of: CelNode; readonly variable: string; readonly body: CelNode }
  | { readonly is: "call"; readonly function: string; readonly of: CelNode; readonly args: readonly CelNode[] };

type Macro = (typeof MACROS)[number];

const MACROS = ["all", "exists", "exists_one", "filter", "map"] as const;
/** Functions called on a value, with the number of their arguments. `size(x)` is the same as `x.size()`. */
const FUNCTIONS: Readonly<Record<string, number>> = { size: 0, startsWith: 1, endsWith: 1, contains: 1, matches: 1 };
const WORDS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(-?\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(&&|\|\||[=!<>]=|[<>!?:.,()[\]]))/y;

/** Parses an expression; throws a SyntaxError that names what is not understood. */
export function parseCel(text: string): CelNode {
  return new CelParser(tokens(text)).readAll();
}

function tokens(text: string): readonly string[] {
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== "") {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new SyntaxError(`CEL: cannot read ${JSON.stringify(text.slice(at))}`);
    found.push(match[0].trim());
  }
  return found;
}

class CelParser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  readAll(): CelNode {
    const node = this.#choice();
    if (this.#at < this.#tokens.length) throw this.#unexpected();
    return node;
  }

  #choice(): CelNode {
    const when = this.#or();
    if (!this.#skip("?")) return when;
    const then = this.#or();
    this.#expect(":");
    return { is: "choice", when, then, otherwise: this.#choice() };
  }

  #or(): CelNode {
    let left = this.#and();
    while (this.#skip("||")) left = { is: "logic", operator: "||", left, right: this.#and() };
    return left;
  }

  #and(): CelNode {
    let left = this.#comparison();
    while (this.#skip("&&")) left = { is: "logic", operator: "&&", left, right: this.#comparison() };
    return left;
  }

  #comparison(): CelNode {
    let left = this.#unary();
    for (let token = this.#peek(); /^(?:[=!<>]=|[<>]|in)$/.test(token); token = this.#peek()) {
      this.#at++;
      left = { is: "compare", operator: token, left, right: this.#unary() };
    }
    return left;
  }

  #unary(): CelNode {
    return this.#skip("!") ? { is: "not", of: this.#unary() } : this.#members(this.#primary());
  }

  #members(of: CelNode): CelNode {
    let node = of;
    for (;;) {
      if (this.#skip("[")) {
        node = { is: "index", of: node, at: this.#choice() };
        this.#expect("]");
      } else if (this.#skip(".")) {
        const name = this.#next();
        if (!/^[A-Za-z_]/.test(name)) throw this.#unexpected(name);
        node = this.#skip("(") ? this.#invoked(node, name) : { is: "member", of: node, name };
      } else {
        return node;
      }
    }
  }

  #invoked(of: CelNode, name: string): CelNode {
    const args = this.#list(")");
    const macro = MACROS.find((each) => each === name);
    const [variable, body] = args;
    if (macro !== undefined && variable?.is === "name" && body !== undefined && args.length === 2) {
      return { is: "macro", macro, of, variable: variable.name, body };
    }
    if (FUNCTIONS[name] !== args.length) throw new SyntaxError(`CEL: no function ${name} with ${args.length} arguments is known`);
    return { is: "call", function: name, of, args };
  }

  #primary(): CelNode {
    const token = this.#next();
    if (token === "(") {
      const node = this.#choice();
      this.#expect(")");
      return node;
    }
    if (token === "[") return { is: "list", items: this.#list("]") };
    if (/^["']/.test(token)) return { is: "literal", value: unquote(token) };
    if (/^-?\d/.test(token)) return { is: "literal", value: Number(token) };
    if (!/^\w/.test(token)) throw this.#unexpected(token);
    if (Object.hasOwn(WORDS, token)) return { is: "literal", value: WORDS[token] };
    return this.#skip("(") ? this.#global(token) : { is: "name", name: token };
  }

  /** `has(x.y)` and `size(x)`. */
  #global(name: string): CelNode {
    const [arg, ...more] = this.#list(")");
    if (name === "has" && arg?.is === "member" && more.length === 0) return { is: "has", of: arg.of, name: arg.name };
    if (name === "size" && arg !== undefined && more.length === 0) return { is: "call", function: "size", of: arg, args: [] };
    throw new SyntaxError(`CEL: no function ${name} is known`);
  }

  #list(end: string): readonly CelNode[] {
    const items: CelNode[] = [];
    while (!this.#skip(end)) {
      items.push(this.#choice());
      if (this.#peek() !== end) this.#expect(",");
    }
    return items;
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? "";
  }

  #next(): string {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #skip(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#skip(token)) throw this.#unexpected();
  }

  #unexpected(token = this.#peek()): SyntaxError {
    return new SyntaxError(`CEL: unexpected ${token === "" ? "end" : token}`);
  }
}

function unquote(token: string): string {
  return token.slice(1, -1).replace(/\\(.)/g, (_, char: string) => ({ n: "\n", t: "\t", r: "\r" })[char] ?? char);
}

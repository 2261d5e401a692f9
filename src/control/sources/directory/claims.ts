import { objectKey } from "../../../model/object-ref.ts";
import type { IdentifiedObject } from "../../validate/intake.ts";
import type { DocumentPlace } from "./parse-documents.ts";

/** An object as one document of one file describes it. */
export interface Claim {
  readonly key: string;
  readonly file: string;
  readonly line: number;
  readonly place: DocumentPlace;
  readonly object: IdentifiedObject;
}

export function claim(file: string, line: number, place: DocumentPlace, object: IdentifiedObject): Claim {
  return { key: objectKey(object.ref), file, line, place, object };
}

/** Which documents describe which object. The first document counts: by file path, then by position in the file. */
export class Claims {
  readonly #byFile = new Map<string, readonly Claim[]>();
  readonly #byObject = new Map<string, readonly Claim[]>();
  /** Keys of objects that more than one document describes. */
  readonly #contested = new Set<string>();

  /** What a file describes from now on; the keys of all objects this may concern. */
  replace(file: string, claims: readonly Claim[]): ReadonlySet<string> {
    const former = this.#byFile.get(file) ?? [];
    if (claims.length === 0) this.#byFile.delete(file);
    else this.#byFile.set(file, claims);
    const keys = new Set([...former, ...claims].map((each) => each.key));
    const now = Map.groupBy(claims, (each) => each.key);
    for (const key of keys) this.#settle(key, file, now.get(key) ?? []);
    return keys;
  }

  /** The document that counts for an object. */
  winner(key: string): Claim | undefined {
    return this.#byObject.get(key)?.[0];
  }

  /** The claims of one file, in its order. */
  ofFile(file: string): readonly Claim[] {
    return this.#byFile.get(file) ?? [];
  }

  /** Documents that do not count, each with the one that does. */
  *losers(): Iterable<{ readonly loser: Claim; readonly winner: Claim }> {
    for (const key of this.#contested) {
      const [winner, ...losers] = this.#byObject.get(key) ?? [];
      for (const loser of losers) if (winner !== undefined) yield { loser, winner };
    }
  }

  #settle(key: string, file: string, claims: readonly Claim[]): void {
    const others = (this.#byObject.get(key) ?? []).filter((each) => each.file !== file);
    const all = [...others, ...claims].sort((a, b) => (a.file === b.file ? 0 : a.file < b.file ? -1 : 1));
    if (all.length === 0) this.#byObject.delete(key);
    else this.#byObject.set(key, all);
    if (all.length > 1) this.#contested.add(key);
    else this.#contested.delete(key);
  }
}

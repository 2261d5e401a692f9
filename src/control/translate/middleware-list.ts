import type { ResourceId } from "../../model/ids.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import { referenceObstacle } from "./references.ts";
import type { CompileSettings } from "./settings.ts";
import type { Obstacle, TranslateView } from "./translation.ts";

/** How many middlewares one list may come to, chains expanded and counted. */
export const MIDDLEWARES_MAX = 128;

/** One entry of a list of middlewares. */
export interface MiddlewareUse {
  readonly name: string;
  /** The referrer's namespace when absent. */
  readonly namespace?: string | undefined;
  /** Where the entry stands in its object. */
  readonly field: string;
}

export interface MiddlewareList {
  /** In the order in which they run. */
  readonly ids: readonly ResourceId<"middleware">[];
  readonly problems: readonly Problem[];
}

/** Resolves the middlewares an object names, with chains expanded. Problems are bound to that object. */
export function resolveMiddlewares(
  uses: readonly MiddlewareUse[],
  referrer: ObjectRef,
  view: TranslateView,
  settings: CompileSettings,
): MiddlewareList {
  const expansion = new Expansion(view, settings);
  const problems: Problem[] = [];
  for (const use of uses) {
    const obstacle = expansion.add(referrer, use);
    if (obstacle !== null) problems.push(problem(obstacle.code, referrer, use.field, obstacle.message, obstacle.hint));
  }
  return { ids: expansion.ids, problems };
}

/** One list being expanded. */
class Expansion {
  readonly ids: ResourceId<"middleware">[] = [];
  readonly #view: TranslateView;
  readonly #settings: CompileSettings;
  /** The chains being expanded now, outermost first, as `namespace/name`. */
  readonly #open: string[] = [];
  #count = 0;

  constructor(view: TranslateView, settings: CompileSettings) {
    this.#view = view;
    this.#settings = settings;
  }

  /** Adds what one entry stands for, or says why it cannot be had. */
  add(from: ObjectRef, use: Pick<MiddlewareUse, "name" | "namespace">): Obstacle | null {
    const ref: ObjectRef = { kind: "Middleware", namespace: use.namespace ?? from.namespace, name: use.name };
    const key = `${ref.namespace}/${ref.name}`;
    if (++this.#count > MIDDLEWARES_MAX) return tooMany();
    if (this.#open.includes(key)) return cycle([...this.#open.slice(this.#open.indexOf(key)), key]);
    const refused = referenceObstacle(from, ref, this.#view, this.#settings);
    if (refused !== null) return refused;
    const face = this.#view.middleware(ref.namespace, ref.name);
    if (face.status === "refused") return face.obstacle;
    if (face.status === "ready") {
      this.ids.push(face.id);
      return null;
    }
    this.#open.push(key);
    const obstacle = this.#addMembers(ref, face.members);
    this.#open.pop();
    return obstacle;
  }

  #addMembers(chain: ObjectRef, members: readonly Pick<MiddlewareUse, "name" | "namespace">[]): Obstacle | null {
    for (const member of members) {
      const obstacle = this.add(chain, member);
      if (obstacle !== null) return this.#open.length > 1 ? obstacle : inChain(chain, obstacle);
    }
    return null;
  }
}

/** An obstacle inside a chain, told to who names the outermost chain. A cycle names its chains itself. */
function inChain(chain: ObjectRef, obstacle: Obstacle): Obstacle {
  if (obstacle.code === "MiddlewareCycle") return obstacle;
  return { ...obstacle, message: `In chain "${chain.namespace}/${chain.name}": ${obstacle.message}` };
}

function cycle(path: readonly string[]): Obstacle {
  return {
    code: "MiddlewareCycle",
    message: `The chain leads back to itself: ${path.map((name) => `"${name}"`).join(" → ")}.`,
    hint: "Take one of these out of the other's list.",
  };
}

function tooMany(): Obstacle {
  return { code: "MiddlewareInvalid", message: `More than ${MIDDLEWARES_MAX} middlewares, chains expanded.`, hint: "Use fewer." };
}

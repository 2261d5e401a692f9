import type { ResourceId } from "../../model/ids.ts";
import { type ObjectRef, objectKey } from "../../model/object-ref.ts";
import { SERVICE_NAME_LABEL } from "../store/object-store.ts";
import type { ObjectView } from "../store/object-view.ts";
import { parentRefsOf } from "../store/parent-refs.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { WANTED_KINDS } from "../store/want.ts";

/** Something translation asked: an object, the slices of a Service, the grants of a namespace, the children of a route, a part's face. */
export type Question = string & { readonly __question: true };

export const askObject = (kind: string, namespace: string, name: string): Question =>
  `object ${kind}/${namespace}/${name}` as Question;
export const askSlices = (namespace: string, service: string): Question => `slices ${namespace}/${service}` as Question;
export const askGrants = (namespace: string): Question => `grants ${namespace}` as Question;
export const askChildren = (namespace: string, name: string): Question => `children ${namespace}/${name}` as Question;
export const ASK_CLASSES = "ingress classes" as Question;
export const askPart = (id: ResourceId): Question => `part ${id}` as Question;

/** The part a question is about, or null. */
export function partOf(question: Question): ResourceId | null {
  return question.startsWith("part ") ? (question.slice("part ".length) as ResourceId) : null;
}

/** The object a question is about that a source may hold only because of it; null for every other question. */
export function wantedBy(question: Question): ObjectRef | null {
  const kind = WANTED_KINDS.find((each) => question.startsWith(`object ${each}/`));
  if (kind === undefined) return null;
  const [, namespace = "", name = ""] = question.split("/");
  return { kind, namespace, name };
}

/**
 * Who asked what: the way from a changed answer to the work that depends on it. `Asker` is whatever names a piece of work.
 *
 * The last questions of an asker replace those before.
 */
export class Questions<Asker> {
  /** Most questions have one asker: only those with more have a set. */
  readonly #askers = new Map<Question, Asker | Several<Asker>>();
  readonly #asked = new Map<Asker, ReadonlySet<Question>>();

  /** Notes what `asker` asked this time; returns the questions that are new or no longer asked. */
  replace(asker: Asker, questions: ReadonlySet<Question>): readonly Question[] {
    const before = this.#asked.get(asker);
    const touched: Question[] = [];
    for (const question of questions) {
      if (before?.has(question)) continue;
      this.#add(question, asker);
      touched.push(question);
    }
    for (const question of before ?? []) {
      if (questions.has(question)) continue;
      this.#remove(question, asker);
      touched.push(question);
    }
    if (questions.size === 0) this.#asked.delete(asker);
    else this.#asked.set(asker, questions);
    return touched;
  }

  /** Those who asked. A live view: to be read before the next `replace`. */
  askers(question: Question): Iterable<Asker> {
    const askers = this.#askers.get(question);
    if (askers instanceof Several) return askers;
    return askers === undefined ? [] : [askers];
  }

  /** Whether anybody asked, but for one. */
  isAsked(question: Question, except?: Asker): boolean {
    const askers = this.#askers.get(question);
    if (askers instanceof Several) return askers.size > (except !== undefined && askers.has(except) ? 1 : 0);
    return askers !== undefined && askers !== except;
  }

  /** What an asker asked the last time. */
  asked(asker: Asker): ReadonlySet<Question> {
    return this.#asked.get(asker) ?? NOTHING;
  }

  #add(question: Question, asker: Asker): void {
    const askers = this.#askers.get(question);
    if (askers === undefined) this.#askers.set(question, asker);
    else if (askers instanceof Several) askers.add(asker);
    else if (askers !== asker) this.#askers.set(question, new Several([askers, asker]));
  }

  #remove(question: Question, asker: Asker): void {
    const askers = this.#askers.get(question);
    if (askers instanceof Several) askers.delete(asker);
    if (askers === asker || (askers instanceof Several && askers.size === 0)) this.#askers.delete(question);
  }
}

/** Told apart from a single asker, whatever that is. */
class Several<Asker> extends Set<Asker> {}

const NOTHING: ReadonlySet<never> = new Set();

/** The kinds whose objects belong to groups: a reader must see them all at first. */
export const GROUPED_KINDS = ["EndpointSlice", "IngressRoute"] as const;

/**
 * The questions whose answer a changed object may change. What belongs to groups (a slice to a Service, a child to its parents)
 * answers for those it names now and for those it named before.
 */
export class ChangeReader {
  /** By object; those without any are not there. */
  readonly #formerGroups = new Map<string, readonly Question[]>();

  questionsAbout(ref: ObjectRef, view: ObjectView): readonly Question[] {
    const { kind, namespace, name } = ref;
    if (kind === "EndpointSlice") return this.#aboutGroups(ref, slicesAsked(view.get(kind, namespace, name)));
    if (kind === "ReferenceGrant") return [askGrants(namespace)];
    if (kind === "IngressClass") return [askObject(kind, namespace, name), ASK_CLASSES];
    if (kind !== "IngressRoute") return [askObject(kind, namespace, name)];
    return [askObject(kind, namespace, name), ...this.#aboutGroups(ref, childrenAsked(view.get(kind, namespace, name)))];
  }

  #aboutGroups(ref: ObjectRef, current: readonly Question[]): readonly Question[] {
    const key = objectKey(ref);
    const former = this.#formerGroups.get(key) ?? [];
    if (current.length === 0) this.#formerGroups.delete(key);
    else this.#formerGroups.set(key, current);
    return [...new Set([...former, ...current])];
  }
}

function slicesAsked(slice: StoredObject | undefined): readonly Question[] {
  const service = slice?.labels[SERVICE_NAME_LABEL];
  return slice === undefined || service === undefined ? [] : [askSlices(slice.ref.namespace, service)];
}

function childrenAsked(route: StoredObject | undefined): readonly Question[] {
  return route === undefined ? [] : parentRefsOf(route).map(({ namespace, name }) => askChildren(namespace, name));
}

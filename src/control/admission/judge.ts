import type { EntryPoint } from "../../model/entry-point.ts";
import { resourceId } from "../../model/ids.ts";
import { objectKey } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { type ProblemCode, problem } from "../../model/problem-codes.ts";
import { Compiler } from "../graph/compiler.ts";
import { ObjectStore } from "../store/object-store.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { CLASS_ANNOTATION } from "../translate/ingress-class.ts";
import { CONTROLLER_NAME, type CompileSettings, EVERY_CLASS } from "../translate/settings.ts";
import { fieldKeys } from "../validate/field-path.ts";
import { type IdentifiedObject, Intake } from "../validate/intake.ts";
import { GROUP, type KindCatalog } from "../validate/kind-catalog.ts";
import { loneObject } from "./lone-object.ts";

/** What a judge finds in an object, without knowing any other. */
export interface Verdict {
  /** For these it is refused. */
  readonly errors: readonly Problem[];
  /** These its author should know. */
  readonly warnings: readonly Problem[];
}

/** So that rules have a place to get in one another's way; which there are is not known here. */
const ENTRY_POINTS: readonly EntryPoint[] = [false, true].map((tls) => {
  const name = tls ? "websecure" : "web";
  const id = resourceId("entryPoint", { kind: "EntryPoint", namespace: "", name });
  return { id, name, host: "", port: tls ? 443 : 80, tls, trustedProxies: [] };
});

/** Errors that are in the object itself, whatever else there is in the cluster. */
const OWN_ERRORS: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  "InvalidObject",
  "SchemaViolation",
  "UnknownField",
  "InvalidRule",
  "InvalidRegex",
  "MiddlewareInvalid",
  "NotARoot",
  "NotSupported",
  "EntryPointInvalid",
  "SettingInvalid",
]);

/** Warnings that are true of the object even where it stands alone. */
const OWN_WARNINGS: ReadonlySet<ProblemCode> = new Set<ProblemCode>(["ClassMismatch", "Conflict", "Unreachable"]);

const NOTHING: Verdict = { errors: [], warnings: [] };

/**
 * Judges one object by the checks an operator makes: its schema, its rules, its options. It sees no other object, so that it needs no
 * rights; whether what an object refers to exists is for its status to say, since objects come in any order.
 */
export class Judge {
  readonly #intake: Intake;
  readonly #kinds: KindCatalog;
  readonly #classes: ReadonlySet<string>;

  /** `classes`: the ingress classes whose Ingresses are judged; objects of our own kinds are, whatever their class. */
  constructor(kinds: KindCatalog, classes: readonly string[]) {
    this.#intake = new Intake(new ObjectStore(), kinds);
    this.#kinds = kinds;
    this.#classes = new Set(classes);
  }

  /** Makes ready all that the first review of a kind would otherwise wait for (its schema, 0.3 s for the largest). */
  async warm(): Promise<void> {
    const metadata = { name: "warm", namespace: "warm" };
    for (const kind of this.#kinds.ours()) await this.judge({ apiVersion: `${GROUP}/v1alpha1`, kind, metadata, spec: {} }, null);
    const [ingressClassName = ""] = this.#classes;
    await this.judge({ apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata, spec: { ingressClassName } }, null);
    const routes = [{ match: "Host(`warm.test`)", services: [{ name: "warm", port: 80 }] }];
    await this.judge({ apiVersion: `${GROUP}/v1alpha1`, kind: "IngressRoute", metadata, spec: { routes } }, null);
  }

  /**
   * Judges what is to become of an object. What was wrong with it before is no reason to refuse a change of something else: of
   * `former`, its version so far, errors are only warned of. The thread is given back every 20 ms.
   */
  async judge(object: unknown, former: unknown): Promise<Verdict> {
    const identified = this.#intake.identify(object);
    if (!identified.ok) return { errors: [unidentified(object, identified.error.message)], warnings: [] };
    if (identified.value === null || !this.#isOurs(identified.value) || isDeleting(identified.value)) return NOTHING;
    const found = await this.#problemsOf(identified.value);
    const known = former === null || former === undefined ? new Set() : await this.#formerErrors(former);
    const isKnown = (one: Problem): boolean => known.has(keyOf(one, object));
    return {
      errors: found.filter((one) => isOwnError(one) && !isKnown(one)),
      warnings: found.filter((one) => (isOwnError(one) ? isKnown(one) : OWN_WARNINGS.has(one.code))),
    };
  }

  async #problemsOf(identified: IdentifiedObject): Promise<readonly Problem[]> {
    const { accepted, problems } = this.#intake.check(identified);
    if (accepted === null) return problems;
    const compiled = await new Compiler(settingsFor(accepted)).updateInSteps(loneObject(accepted), "all");
    const own = compiled.problems.filter(({ object }) => objectKey(object) === objectKey(identified.ref));
    return [...problems, ...own];
  }

  async #formerErrors(former: unknown): Promise<ReadonlySet<string>> {
    const identified = this.#intake.identify(former);
    if (!identified.ok || identified.value === null) return new Set();
    return new Set((await this.#problemsOf(identified.value)).map((one) => keyOf(one, former)));
  }

  /** Kinds of Kubernetes' own that others serve, too, are ours where their class is; of the rest only routing concerns us. */
  #isOurs({ ref, value }: IdentifiedObject): boolean {
    if (value.apiVersion.startsWith(`${GROUP}/`)) return true;
    if (ref.kind !== "Ingress") return false;
    const { ingressClassName } = (value.spec ?? {}) as { readonly ingressClassName?: unknown };
    const named = ingressClassName ?? value.metadata.annotations?.[CLASS_ANNOTATION];
    return typeof named === "string" && this.#classes.has(named);
  }
}

function settingsFor({ ref }: StoredObject): CompileSettings {
  const isClass = ref.kind === "FairwayClass";
  return {
    controllerName: CONTROLLER_NAME,
    classes: isClass ? { select: "cluster", names: null, watchWithoutClass: false } : { select: "every", publishAs: EVERY_CLASS },
    entryPoints: ENTRY_POINTS,
    allowCrossNamespace: true,
    allowExternalName: true,
    allowLoopback: true,
    operatorNamespace: "",
  };
}

/** What a route says of something it refers to is not its own, and is not known here. */
function isOwnError({ code, severity, object, field }: Problem): boolean {
  if (severity !== "error" || !OWN_ERRORS.has(code)) return false;
  return code !== "MiddlewareInvalid" || object.kind === "Middleware" || !/\.middlewares\[\d+\]$/.test(field);
}

/** The same defect: of the same value. Positions in lists do not count, since they shift when something comes in before. */
function keyOf({ code, field, message }: Problem, object: unknown): string {
  return JSON.stringify([code, field.replace(/\[\d+\]/g, "[]"), message, valueAt(object, field)]);
}

/** What stands in a field that a Problem names; undefined where there is none, and for the object as a whole. */
function valueAt(object: unknown, field: string): unknown {
  if (field === "") return undefined;
  return fieldKeys(field).reduce<unknown>(
    (value, key) => (isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    object,
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object";
}

/** Whose finalizers are being removed has to go, however wrong it is. */
function isDeleting({ value }: IdentifiedObject): boolean {
  return value.metadata.deletionTimestamp !== undefined;
}

function unidentified(object: unknown, message: string): Problem {
  const { kind } = (object ?? {}) as { readonly kind?: unknown };
  return problem("InvalidObject", { kind: typeof kind === "string" ? kind : "", namespace: "", name: "" }, "", message);
}

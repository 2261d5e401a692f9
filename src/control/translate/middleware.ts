import type { AnyMiddlewareModule, MiddlewareModule, OptionProblem } from "../../extensions/middlewares/contract.ts";
import { middlewareKinds, middlewareModules } from "../../extensions/middlewares/registry.gen.ts";
import { resourceId } from "../../model/ids.ts";
import type { Middleware } from "../../model/middleware.ts";
import type { ObjectRef } from "../../model/object-ref.ts";
import type { Problem } from "../../model/problem.ts";
import { problem } from "../../model/problem-codes.ts";
import type { ObjectView } from "../store/object-view.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { resolveMiddlewares } from "./middleware-list.ts";
import type { CompileSettings } from "./settings.ts";
import {
  type MiddlewareFace,
  nothing,
  type Obstacle,
  type PartTranslation,
  type RootTranslation,
  type TranslateView,
} from "./translation.ts";

type Translation = PartTranslation<MiddlewareFace>;

/** Translates a Middleware for those who refer to it. Its options are judged once, whoever uses it. */
export function translateMiddleware(namespace: string, name: string, view: ObjectView): Translation {
  const object = view.get("Middleware", namespace, name);
  if (object === undefined) return refused(notFound(namespace, name), []);
  const spec = (object.body.spec ?? {}) as Readonly<Record<string, unknown>>;
  const kinds = middlewareKinds.filter((kind) => spec[kind] !== undefined && spec[kind] !== null);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) return invalid(object.ref, kinds);
  const module = middlewareModules.get(kind);
  if (module === undefined) return kindNotSupported(object.ref, kind);
  return translateOptions(object, kind, module as AnyModule, spec[kind]);
}

/** What a Middleware says of itself, used or not: the problems of its options, and of the members of a chain. */
export function translateMiddlewareObject(object: StoredObject, view: TranslateView, settings: CompileSettings): RootTranslation {
  const { ref } = object;
  const face = view.middleware(ref.namespace, ref.name);
  if (face.status !== "chain") return nothing();
  const uses = face.members.map((member) => ({ ...member, field: `spec.${face.kind}.${member.field}` }));
  return nothing(null, resolveMiddlewares(uses, ref, view, settings).problems);
}

/** The registry forgets the types of options: the schema has checked them. */
type AnyModule = MiddlewareModule<unknown, unknown> & AnyMiddlewareModule;

function translateOptions({ ref }: StoredObject, kind: string, module: AnyModule, options: unknown): Translation {
  const prepared = module.prepare(options);
  if (!prepared.ok) {
    const problems = prepared.error.map((one) => problem(one.code, ref, fieldOf(kind, one), one.message, one.hint));
    const first = prepared.error[0]?.message ?? "its options cannot be used";
    return refused(unusable(ref, prepared.error.some(isUnsupported) ? "NotSupported" : "MiddlewareInvalid", first), problems);
  }
  if (module.members !== undefined) {
    return { face: { status: "chain", kind, members: module.members(options) }, resource: null, problems: [] };
  }
  const id = resourceId("middleware", ref);
  const resource: Middleware = { id, origin: ref, kind, config: prepared.value };
  return { face: { status: "ready", id }, resource, problems: [] };
}

function isUnsupported(one: OptionProblem): boolean {
  return one.code === "NotSupported";
}

function fieldOf(kind: string, { field }: OptionProblem): string {
  if (field === "") return `spec.${kind}`;
  return field.startsWith("[") ? `spec.${kind}${field}` : `spec.${kind}.${field}`;
}

function refused(obstacle: Obstacle, problems: readonly Problem[]): Translation {
  return { face: { status: "refused", obstacle }, resource: null, problems };
}

function notFound(namespace: string, name: string): Obstacle {
  return { code: "MiddlewareNotFound", message: `Middleware "${namespace}/${name}" does not exist.`, hint: "" };
}

function unusable(ref: ObjectRef, code: "MiddlewareInvalid" | "NotSupported", why: string): Obstacle {
  return {
    code,
    message: `Middleware "${ref.namespace}/${ref.name}" cannot be used: ${why}`,
    hint: "Its own problems say what to change.",
  };
}

function invalid(ref: ObjectRef, kinds: readonly string[]): Translation {
  const message =
    kinds.length === 0
      ? "The Middleware says nothing to do: its spec names no kind."
      : `The Middleware names several kinds (${kinds.join(", ")}); each object holds one.`;
  const hint =
    kinds.length === 0 ? "Write one, for example spec.stripPrefix." : "Make one Middleware of each, and a chain of them.";
  return refused(unusable(ref, "MiddlewareInvalid", message), [problem("MiddlewareInvalid", ref, "spec", message, hint)]);
}

function kindNotSupported(ref: ObjectRef, kind: string): Translation {
  const message = `The middleware kind "${kind}" is not supported yet.`;
  const hint = `Kinds that work: ${[...middlewareModules.keys()].sort().join(", ")}.`;
  return refused(unusable(ref, "NotSupported", message), [problem("NotSupported", ref, `spec.${kind}`, message, hint)]);
}

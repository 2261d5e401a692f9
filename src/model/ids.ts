import type { ObjectRef } from "./object-ref.ts";

/** The kinds of compiled things a snapshot is made of. */
export type ResourceType =
  | "entryPoint"
  | "router"
  | "middleware"
  | "service"
  | "endpoints"
  | "certificate"
  | "settings"
  | "tlsOption"
  | "tlsHost"
  | "tlsDefaults"
  | "ticketSecret"
  | "serversTransport";

/**
 * The name of one compiled thing: `type:Kind/namespace/name/key`.
 *
 * It follows from identity (the object it came from and a key inside that object), never from a position, and is injective:
 * type, kind, namespace and name hold no slash, so the key is simply the rest. Always ASCII.
 */
export type ResourceId<T extends ResourceType = ResourceType> = string & { readonly __type: T };

/** Makes the id of a compiled thing. `key` tells apart several things that come from one object; "" when there is one. */
export function resourceId<T extends ResourceType>(type: T, origin: ObjectRef, key = ""): ResourceId<T> {
  const text = `${type}:${origin.kind}/${origin.namespace}/${origin.name}/${encodeKey(key)}`;
  return text as ResourceId<T>;
}

/** The type an id begins with. */
export function resourceType(id: ResourceId): ResourceType {
  return id.slice(0, id.indexOf(":")) as ResourceType;
}

/** The object an id names. */
export function originOf(id: ResourceId): ObjectRef {
  const [kind = "", namespace = "", name = ""] = id.slice(id.indexOf(":") + 1).split("/", 3);
  return { kind, namespace, name };
}

/** Percent-encodes what is not printable ASCII (and `%`), so that every id is ASCII and the encoding stays injective. */
function encodeKey(key: string): string {
  return /^[!-$&-~]*$/.test(key) ? key : key.replace(/[^!-$&-~]+/gu, (part) => encodeURIComponent(part));
}

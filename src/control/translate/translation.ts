import type { MiddlewareReference } from "../../extensions/middlewares/contract.ts";
import type { ResourceId, ResourceType } from "../../model/ids.ts";
import type { Problem } from "../../model/problem.ts";
import type { ProblemCode } from "../../model/problem-codes.ts";
import type { Resource } from "../../model/resource.ts";
import type { Router } from "../../model/router.ts";
import type { LoadBalancer, Weighted } from "../../model/service.ts";
import type { ObjectView } from "../store/object-view.ts";
import type { StoredObject } from "../store/stored-object.ts";
import type { CompileSettings } from "./settings.ts";

/**
 * Translation has two layers. A *root* is an object that is compiled for its own sake (a route). A *part* is what several roots
 * share (a middleware, a service, its endpoints, a certificate); it is compiled once, when a root asks for it. Roots see only the
 * face of a part, so that a part that changes behind its face redoes no root.
 */
export type RootTranslator = (object: StoredObject, view: TranslateView, settings: CompileSettings) => RootTranslation;

/** What an object is compiled to. */
export interface RootTranslation {
  /** The class it belongs to; null when it is of no class served here (it has then no routers). */
  readonly className: string | null;
  readonly routers: readonly Router[];
  /** Where the rule of each of `routers` stands in the object. */
  readonly fields: readonly string[];
  /** Services that exist for the sake of one of `routers`. */
  readonly services: readonly Weighted[];
  /** Certificates it brings to its class. */
  readonly certificates: readonly ResourceId<"certificate">[];
  readonly problems: readonly Problem[];
}

/** The translation of an object that compiles to nothing. */
export function nothing(className: string | null = null, problems: readonly Problem[] = []): RootTranslation {
  return { className, routers: [], fields: [], services: [], certificates: [], problems };
}

/** What a part is compiled to. */
export interface PartTranslation<Face = unknown> {
  /** All that roots may know of it: plain data, compared by value. */
  readonly face: Face;
  /** Null when it cannot be had. */
  readonly resource: Resource | null;
  /** What it brings to the class it stands for, which is published for that; absent where it stands for none. */
  readonly brings?: readonly Resource[];
  /** Problems of the part's own object. */
  readonly problems: readonly Problem[];
}

/** Objects and the faces of parts. Every question is noted, so that a changed answer redoes the work. */
export interface TranslateView extends ObjectView {
  middleware(namespace: string, name: string): MiddlewareFace;
  service(target: ServiceTarget): ServiceFace;
  /** The endpoints of a Service port: they always can be had, if only empty. */
  endpoints(target: EndpointsTarget): ResourceId<"endpoints">;
  certificate(namespace: string, name: string): CertificateFace;
  tlsOption(namespace: string, name: string): TlsOptionFace;
  transport(namespace: string, name: string): TransportFace;
  /** Which ingress classes there are. */
  classRoster(): ClassRoster;
  /** An ingress class, or null where it is not served here. */
  ingressClass(name: string): ClassFace | null;
}

/** The ingress classes that are served here, as a whole. */
export interface ClassRoster {
  /** Names under which graphs are published, sorted. */
  readonly published: readonly string[];
  /** The classes whose objects are ours, sorted. */
  readonly served: readonly string[];
  /** The class of objects that name none; null where they have none. */
  readonly unnamed: string | null;
  /** The IngressClasses of our controller among those served, oldest first. */
  readonly candidates: readonly string[];
  /** Whether another controller has a class that is marked as the default. */
  readonly isDefaultElsewhere: boolean;
  /** Where several classes are published as one: the one whose settings count; null where there is none. */
  readonly governing: string | null;
}

/** What routes see of their class. */
export interface ClassFace {
  /** The name its graph is published under. */
  readonly publishedAs: string;
  /** Where routes can be served; sorted by name. */
  readonly entryPoints: readonly ServedEntryPoint[];
  /** Names of entry points that are described and cannot be opened. */
  readonly unopened: readonly string[];
  /** Whether Services of type ExternalName may be upstreams. */
  readonly allowExternalName: boolean;
}

/** An entry point as routes see it. */
export interface ServedEntryPoint {
  readonly name: string;
  readonly tls: boolean;
  /** Whether routes that name no entry point are served here. */
  readonly isDefault: boolean;
  /** What its requests pass before the middlewares of their route. */
  readonly middlewares: readonly ResourceId<"middleware">[];
  /** Why these middlewares cannot be had: routes answer 503 here. */
  readonly obstacles: readonly Problem[];
}

/** One port of one Service. */
export interface EndpointsTarget {
  readonly namespace: string;
  readonly name: string;
  /** Number or name of the port, as the route gives it. */
  readonly port: number | string;
}

/** One port of one Service, and how it is spoken to. */
export interface ServiceTarget extends EndpointsTarget {
  readonly passHostHeader: boolean;
  /** The scheme the route asks for; null leaves it to the Service's port. */
  readonly scheme: LoadBalancer["scheme"] | null;
  /** The ServersTransport the route names for it; absent: none. */
  readonly transport?: { readonly namespace: string; readonly name: string };
}

/** Why something referred to cannot be used; told by the one who refers to it. */
export interface Obstacle {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
}

/** What is known of a part that cannot be used. */
export interface RefusedFace {
  readonly status: "refused";
  readonly obstacle: Obstacle;
}

/** What is known of a part of which nothing more need be known. */
export type Face<Type extends ResourceType> = { readonly status: "ready"; readonly id: ResourceId<Type> } | RefusedFace;

export type TlsOptionFace = Face<"tlsOption">;
export type TransportFace = Face<"serversTransport">;

export type MiddlewareFace =
  | Face<"middleware">
  /** Stands for other middlewares, in order. */
  | { readonly status: "chain"; readonly kind: string; readonly members: readonly MiddlewareReference[] };

export type ServiceFace =
  | {
      readonly status: "ready";
      readonly id: ResourceId<"service">;
      /** Where it leads to an external name, which not every class allows. */
      readonly isExternal?: true;
    }
  | RefusedFace;

export type CertificateFace =
  | {
      readonly status: "ready";
      readonly id: ResourceId<"certificate">;
      /** What is wrong with the Secret as it is now: what it held before is used. */
      readonly concern?: Obstacle;
    }
  | RefusedFace;

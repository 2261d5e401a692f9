import { type ResourceId, resourceId } from "../../model/ids.ts";
import type { ObjectView } from "../store/object-view.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { translateCertificate } from "../translate/certificate.ts";
import { translateClass } from "../translate/class-part.ts";
import { translateClassRoster } from "../translate/class-roster.ts";
import type { CompileMemory } from "../translate/compile-memory.ts";
import { endpointsId, translateEndpoints } from "../translate/endpoints.ts";
import { translateMiddleware } from "../translate/middleware.ts";
import { translateServersTransport } from "../translate/servers-transport.ts";
import { serviceId, translateService } from "../translate/service.ts";
import type { CompileSettings } from "../translate/settings.ts";
import { translateTlsOption } from "../translate/tls-option.ts";
import type {
  CertificateFace,
  ClassFace,
  ClassRoster,
  EndpointsTarget,
  MiddlewareFace,
  PartTranslation,
  ServiceFace,
  ServiceTarget,
  TlsOptionFace,
  TranslateView,
  TransportFace,
} from "../translate/translation.ts";
import { ASK_CLASSES, askChildren, askGrants, askObject, askPart, askSlices, type Question } from "./questions.ts";
import type { PartUnit } from "./unit.ts";

/** Where a view gets parts from: remembered, or made now. */
export type PartSource = (id: ResourceId, level: PartUnit["level"], translate: PartUnit["translate"]) => PartTranslation;

/** What one unit reads through: it notes every question. */
export class RecordingView implements TranslateView {
  readonly questions: Set<Question> = new Set();
  readonly #objects: ObjectView;
  readonly #parts: PartSource;
  readonly #settings: CompileSettings;
  readonly #memory: CompileMemory;
  readonly #nowMs: number;

  constructor(objects: ObjectView, parts: PartSource, settings: CompileSettings, memory: CompileMemory, nowMs: number) {
    this.#objects = objects;
    this.#parts = parts;
    this.#settings = settings;
    this.#memory = memory;
    this.#nowMs = nowMs;
  }

  get(kind: string, namespace: string, name: string): StoredObject | undefined {
    this.questions.add(askObject(kind, namespace, name));
    return this.#objects.get(kind, namespace, name);
  }

  endpointSlices(namespace: string, service: string): readonly StoredObject[] {
    this.questions.add(askSlices(namespace, service));
    return this.#objects.endpointSlices(namespace, service);
  }

  referenceGrants(namespace: string): readonly StoredObject[] {
    this.questions.add(askGrants(namespace));
    return this.#objects.referenceGrants(namespace);
  }

  childrenOf(namespace: string, name: string): readonly StoredObject[] {
    this.questions.add(askChildren(namespace, name));
    return this.#objects.childrenOf(namespace, name);
  }

  middleware(namespace: string, name: string): MiddlewareFace {
    const id = resourceId("middleware", { kind: "Middleware", namespace, name });
    return this.#face<MiddlewareFace>(id, 0, (view) => translateMiddleware(namespace, name, view));
  }

  service(target: ServiceTarget): ServiceFace {
    const settings = this.#settings;
    return this.#face<ServiceFace>(serviceId(target), 1, (view) => translateService(target, view, settings));
  }

  endpoints(target: EndpointsTarget): ResourceId<"endpoints"> {
    const id = endpointsId(target);
    const settings = this.#settings;
    this.#face<null>(id, 0, (view) => translateEndpoints(target, view, settings));
    return id;
  }

  certificate(namespace: string, name: string): CertificateFace {
    const id = resourceId("certificate", { kind: "Secret", namespace, name });
    const [memory, nowMs] = [this.#memory.certificates, this.#nowMs];
    return this.#face<CertificateFace>(id, 0, (view) => translateCertificate(namespace, name, view, nowMs, memory));
  }

  tlsOption(namespace: string, name: string): TlsOptionFace {
    const id = resourceId("tlsOption", { kind: "TLSOption", namespace, name });
    return this.#face<TlsOptionFace>(id, 0, (view) => translateTlsOption(namespace, name, view));
  }

  transport(namespace: string, name: string): TransportFace {
    const id = resourceId("serversTransport", { kind: "ServersTransport", namespace, name });
    return this.#face<TransportFace>(id, 0, (view) => translateServersTransport(namespace, name, view));
  }

  ingressClasses(): readonly StoredObject[] {
    this.questions.add(ASK_CLASSES);
    return this.#objects.ingressClasses();
  }

  classRoster(): ClassRoster {
    const settings = this.#settings;
    return this.#face<ClassRoster>(ROSTER_PART, 0, (view) => translateClassRoster(view, settings));
  }

  ingressClass(name: string): ClassFace | null {
    const [settings, memory] = [this.#settings, this.#memory.classes];
    return this.#face<ClassFace | null>(classPart(name), 1, (view) => translateClass(name, view, settings, memory));
  }

  #face<Face>(id: ResourceId, level: PartUnit["level"], translate: (view: TranslateView) => PartTranslation<Face>): Face {
    this.questions.add(askPart(id));
    return this.#parts(id, level, translate).face as Face;
  }
}

const ROSTER_PART = resourceId("settings", { kind: "IngressClass", namespace: "", name: "" }, "roster");

/** The id of the part that is a class. Its name may be anything somebody wrote, so it is the key. */
export function classPart(name: string): ResourceId {
  return resourceId("settings", { kind: "IngressClass", namespace: "", name: "" }, `class/${name}`);
}

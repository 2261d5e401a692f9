import {
  ApiError,
  type ApiObject,
  type ApiRequest,
  ApiUnreachable,
  type KubernetesApi,
  type WatchEvent,
  type WatchOptions,
} from "../../src/control/api/api.ts";
import { FakeObjects } from "./fake-objects.ts";
import { applyPatch, type Json, mergePatch } from "./merge.ts";
import { type ApiPath, apiVersionOf, parseApiPath, RESOURCE_TYPES, type ResourceType } from "./resource-types.ts";

/** What a TokenReview says (authentication.k8s.io/v1). */
export interface TokenReviewStatus {
  readonly authenticated: boolean;
  readonly user?: {
    readonly username: string;
    readonly uid?: string;
    readonly groups?: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
  readonly audiences?: readonly string[];
  readonly error?: string;
}

/** Something that ends a watch early: an error it rejects with, or null for the server's orderly end. */
type WatchEnd = ApiError | ApiUnreachable | null;

interface OpenWatch {
  readonly path: string;
  readonly push: (event: WatchEvent) => void;
  readonly end: (why: WatchEnd) => void;
  isHalfOpen: boolean;
}

/**
 * An API server in memory, for tests: get, list in pages, create, update, merge patch, server-side apply, delete, `/status`, watch with
 * history, discovery, TokenReview; 404, 409 and 410 as the real one answers. It does not validate, default, authenticate or merge field
 * by field. What `put` and `remove` do is done by somebody else on the cluster.
 */
export class FakeApi implements KubernetesApi {
  /** Every request so far, watches included (with `watch: true` in their query). */
  readonly requests: ApiRequest[] = [];
  /** Called before each request, watches included: what it throws is the answer, and what it awaits delays it. */
  intercept: (request: ApiRequest) => void | Promise<void> = () => {};
  /** Whether a page says how many objects follow, as those of an API server do that selects none. */
  countsRemaining = true;
  /** Answers TokenReviews. */
  reviewToken: (spec: { readonly token: string; readonly audiences?: readonly string[] }) => TokenReviewStatus = () => ({
    authenticated: false,
  });

  readonly #objects: FakeObjects;
  readonly #watches = new Set<OpenWatch>();
  /** What each field manager applied last, by object, subresource and manager. */
  readonly #applied = new Map<string, Json>();
  #types: readonly ResourceType[];
  #names = 0;

  constructor({ types = RESOURCE_TYPES, now = () => Date.now() }: { types?: readonly ResourceType[]; now?: () => number } = {}) {
    this.#types = types;
    this.#objects = new FakeObjects(now);
  }

  // --- the cluster around it ---

  /** Creates or replaces an object, as somebody else; `status` included. */
  put(object: ApiObject): ApiObject {
    const type = this.#typeOfKind(object.kind ?? "", object.apiVersion);
    const { namespace = "", name } = object.metadata;
    const former = this.#objects.get(type, namespace, name);
    if (former === undefined) return this.#objects.create(type, object);
    const { resourceVersion: _, ...metadata } = object.metadata;
    return this.#objects.replace(type, former, { ...object, metadata });
  }

  /** Deletes an object, as somebody else. */
  remove(kind: string, namespace: string, name: string): void {
    const type = this.#typeOfKind(kind);
    const object = this.#objects.get(type, namespace, name);
    if (object !== undefined) this.#objects.remove(type, object);
  }

  get(kind: string, namespace: string, name: string): ApiObject | undefined {
    return this.#objects.get(this.#typeOfKind(kind), namespace, name);
  }

  list(kind: string): readonly ApiObject[] {
    return this.#objects.list(this.#typeOfKind(kind), "");
  }

  /** Serves one more resource, as when a CRD is installed. */
  install(type: ResourceType): void {
    this.#types = [...this.#types, type];
  }

  /** Serves a kind no longer, as when its CRD is removed: its objects are gone, and its watches end. */
  uninstall(kind: string): ResourceType {
    const type = this.#typeOfKind(kind);
    for (const object of this.#objects.list(type, "")) this.#objects.remove(type, object);
    this.#types = this.#types.filter((each) => each !== type);
    for (const watch of [...this.#watches]) if (parseApiPath(watch.path)?.plural === type.plural) watch.end(null);
    return type;
  }

  // --- faults ---

  /** Forgets history, as etcd does when compacted: old versions and pages answer 410. Watches under way go on. */
  compact(): void {
    this.#objects.compact();
  }

  /** Ends every watch (or those whose path contains `part`), orderly or with an error. */
  endWatches(why: WatchEnd = null, part = ""): void {
    for (const watch of [...this.#watches]) if (watch.path.includes(part)) watch.end(why);
  }

  /** Lets the watches now open hear nothing any more, as when the connection died unnoticed. */
  silenceWatches(): void {
    for (const watch of this.#watches) watch.isHalfOpen = true;
  }

  /** Sends a bookmark with the current version to every watch that asked for them. */
  bookmark(): void {
    for (const watch of this.#watches) watch.push(bookmarkOf(this.#objects.version));
  }

  /** Sends an event to every watch as it is, whatever it is. */
  pushEvent(event: WatchEvent, part = ""): void {
    for (const watch of [...this.#watches]) if (watch.path.includes(part)) watch.push(event);
  }

  /** Paths of the watches now open. */
  get watching(): readonly string[] {
    return [...this.#watches].map((watch) => watch.path);
  }

  // --- KubernetesApi ---

  async request<T>(request: ApiRequest): Promise<T> {
    this.requests.push(request);
    await this.intercept(request);
    if (request.signal?.aborted === true) throw new ApiUnreachable("given up");
    return structuredClone(this.#answer(request)) as T;
  }

  async *watch(path: string, { query, accept, silenceMs, signal, onOpen }: WatchOptions): AsyncGenerator<WatchEvent, void> {
    const request: ApiRequest = { method: "GET", path, query: { ...query, watch: true }, ...(accept ? { accept } : {}), signal };
    this.requests.push(request);
    await this.intercept(request);
    const at = this.#pathOf(path);
    const type = this.#typeAt(at);
    onOpen?.();
    const queue: WatchEvent[] = [];
    let ended: { why: WatchEnd } | null = null;
    let wake = (): void => {};
    const watch: OpenWatch = {
      path,
      isHalfOpen: false,
      push: (event) => {
        if (watch.isHalfOpen || ended !== null) return;
        queue.push(event);
        wake();
      },
      end: (why) => {
        ended ??= { why };
        wake();
      },
    };
    const push = (happened: { readonly type: ResourceType; readonly event: WatchEvent }): void => {
      const { object } = happened.event;
      if (happened.type !== type || !isSelected(object, at.namespace, query)) return;
      watch.push({ ...happened.event, object: structuredClone(asAccepted(object, accept)) });
    };
    const giveUp = (): void => watch.end(new ApiUnreachable("given up"));
    try {
      for (const happened of this.#objects.since(Number(query.resourceVersion ?? this.#objects.version))) push(happened);
    } catch (error) {
      queue.push({ type: "ERROR", object: statusOf(error as ApiError) });
      ended = { why: null };
    }
    const leave = this.#objects.onEvent(push);
    this.#watches.add(watch);
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) giveUp();
    let silence: NodeJS.Timeout | undefined;
    try {
      for (;;) {
        for (let event = queue.shift(); event !== undefined; event = queue.shift()) yield event;
        const why = (ended as { why: WatchEnd } | null)?.why;
        if (why === null) return;
        if (why !== undefined) throw why;
        clearTimeout(silence);
        silence = setTimeout(() => watch.end(new ApiUnreachable(`nothing came for ${silenceMs} ms`)), silenceMs);
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (queue.length > 0 || ended !== null) resolve();
        });
      }
    } finally {
      clearTimeout(silence);
      leave();
      this.#watches.delete(watch);
      signal.removeEventListener("abort", giveUp);
    }
  }

  #answer(request: ApiRequest): unknown {
    if (request.path === "/apis/authentication.k8s.io/v1/tokenreviews") return this.#tokenReview(request.body);
    if (request.path === "/apis") return this.#groups();
    const at = this.#pathOf(request.path);
    if (at.plural === "") return this.#discovery(at.groupVersion);
    const type = this.#typeAt(at);
    const { method } = request;
    if (method === "GET" && at.name === "") return this.#page(type, at.namespace, request);
    if (method === "POST" && at.name === "") return this.#create(type, at.namespace, request.body as ApiObject);
    if (method === "PATCH" && request.contentType?.includes("apply-patch")) return this.#apply(type, at, request);
    const object = this.#objects.get(type, at.namespace, at.name);
    if (object === undefined) throw new ApiError(404, "NotFound", `${type.plural} "${at.name}" not found`);
    if (method === "GET") return asAccepted(object, request.accept);
    if (method === "PUT") return this.#write(type, at, object, request.body as ApiObject);
    if (method === "PATCH") return this.#write(type, at, object, mergePatch(object as Json, request.body as Json) as ApiObject);
    if (method === "DELETE") return this.#objects.remove(type, this.#checked(object, request.body));
    throw new ApiError(405, "MethodNotAllowed", `${method} is not supported here`);
  }

  #tokenReview(body: unknown): unknown {
    const { spec } = body as { spec: Parameters<FakeApi["reviewToken"]>[0] };
    return { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", metadata: {}, spec, status: this.reviewToken(spec) };
  }

  #groups(): unknown {
    const groups = [...new Set(this.#types.map(({ group }) => group))].filter((group) => group !== "");
    const versions = (name: string) => new Set(this.#types.filter(({ group }) => group === name).map(({ version }) => version));
    return {
      kind: "APIGroupList",
      apiVersion: "v1",
      groups: groups.map((name) => ({ name, versions: [...versions(name)].map((version) => ({ version })) })),
    };
  }

  #discovery(groupVersion: string): unknown {
    const types = this.#types.filter((type) => apiVersionOf(type) === groupVersion);
    if (types.length === 0) throw new ApiError(404, "", "404 page not found");
    const resources = types.flatMap(({ plural, kind, isNamespaced, hasStatus }) => [
      { name: plural, singularName: "", namespaced: isNamespaced, kind, verbs: ["get", "list", "watch"] },
      ...(hasStatus
        ? [{ name: `${plural}/status`, singularName: "", namespaced: isNamespaced, kind, verbs: ["get", "patch"] }]
        : []),
    ]);
    return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources };
  }

  #page(type: ResourceType, namespace: string, { query = {}, accept }: ApiRequest): unknown {
    const version = this.#objects.version;
    const [pageVersion, after] =
      query.continue === undefined ? [version, ""] : (JSON.parse(String(query.continue)) as [number, string]);
    this.#objects.since(pageVersion);
    const place = ({ metadata }: ApiObject): string => `${metadata.namespace ?? ""}/${metadata.name}`;
    const all = this.#objects
      .list(type, namespace)
      .filter((object) => isSelected(object, namespace, query) && place(object) > after);
    const items = all.slice(0, Number(query.limit ?? all.length));
    const last = items.at(-1);
    const metadata = {
      resourceVersion: String(pageVersion),
      ...(last !== undefined && items.length < all.length ? { continue: JSON.stringify([pageVersion, place(last)]) } : {}),
      ...(this.countsRemaining && items.length < all.length ? { remainingItemCount: all.length - items.length } : {}),
    };
    // Items of a list come without apiVersion and kind, but for those that come as metadata only.
    const list = items.map((item) => withoutType(item, accept));
    return { apiVersion: apiVersionOf(type), kind: `${type.kind}List`, metadata, items: list };
  }

  #create(type: ResourceType, namespace: string, body: ApiObject): ApiObject {
    const { generateName } = body.metadata as { generateName?: string };
    this.#names += 1;
    const name = body.metadata.name ?? `${generateName}${this.#names}`;
    const { status, ...rest } = body;
    const object = type.hasStatus ? rest : { ...rest, ...(status === undefined ? {} : { status }) };
    return this.#objects.create(type, { ...object, metadata: { ...body.metadata, name, ...(namespace ? { namespace } : {}) } });
  }

  #write(type: ResourceType, at: ApiPath, former: ApiObject, body: ApiObject): ApiObject {
    return this.#objects.replace(type, former, split(type, at.subresource, former, body));
  }

  #apply(type: ResourceType, at: ApiPath, { body, query = {} }: ApiRequest): ApiObject {
    if (query.fieldManager === undefined) throw new ApiError(400, "BadRequest", "fieldManager is required for apply patch");
    const former = this.#objects.get(type, at.namespace, at.name);
    if (former === undefined && at.subresource !== "")
      throw new ApiError(404, "NotFound", `${type.plural} "${at.name}" not found`);
    const key = `${at.groupVersion}/${at.plural}/${at.namespace}/${at.name}/${at.subresource}/${query.fieldManager}`;
    const merged = applyPatch(former as Json | undefined, body as Json, former && this.#applied.get(key)) as ApiObject;
    this.#applied.set(key, structuredClone(body) as Json);
    return former === undefined ? this.#create(type, at.namespace, merged) : this.#write(type, at, former, merged);
  }

  /** Holds the preconditions of a DELETE. */
  #checked(object: ApiObject, body: unknown): ApiObject {
    const { uid, resourceVersion } =
      (body as { preconditions?: Partial<ApiObject["metadata"]> } | undefined)?.preconditions ?? {};
    const { metadata } = object;
    if ((uid ?? metadata.uid) === metadata.uid && (resourceVersion ?? metadata.resourceVersion) === metadata.resourceVersion)
      return object;
    throw new ApiError(409, "Conflict", "the precondition does not hold");
  }

  #pathOf(path: string): ApiPath {
    const at = parseApiPath(path);
    if (at === null) throw new ApiError(404, "", "404 page not found");
    return at;
  }

  #typeAt({ groupVersion, plural }: ApiPath): ResourceType {
    const type = this.#types.find((each) => apiVersionOf(each) === groupVersion && each.plural === plural);
    if (type === undefined) throw new ApiError(404, "", "404 page not found");
    return type;
  }

  #typeOfKind(kind: string, apiVersion?: string): ResourceType {
    const type = this.#types.find((each) => each.kind === kind && (apiVersion ?? apiVersionOf(each)) === apiVersionOf(each));
    if (type === undefined) throw new Error(`the fake serves no ${apiVersion ?? ""} ${kind}`);
    return type;
  }
}

/** What a write to an object or to its status may change of it. */
function split(type: ResourceType, subresource: string, former: ApiObject, body: ApiObject): ApiObject {
  const { status, ...rest } = body;
  const { resourceVersion } = body.metadata;
  const given = status === undefined ? {} : { status };
  const own = former.status === undefined ? {} : { status: former.status };
  if (!type.hasStatus) return body;
  if (subresource !== "status") return { ...rest, ...own };
  const { status: _, ...kept } = former;
  return { ...kept, ...given, metadata: { ...former.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
}

/** Selectors as far as we use them: `a=b,c=d` over labels, and over metadata.name and metadata.namespace. */
function isSelected({ metadata }: ApiObject, namespace: string, query: ApiRequest["query"] = {}): boolean {
  if (namespace !== "" && metadata.namespace !== namespace) return false;
  const labels = pairs(query.labelSelector).every(([name, value]) => metadata.labels?.[name] === value);
  const fields: Readonly<Record<string, string | undefined>> = {
    "metadata.name": metadata.name,
    "metadata.namespace": metadata.namespace,
  };
  return labels && pairs(query.fieldSelector).every(([name, value]) => fields[name] === value);
}

function pairs(selector: unknown): readonly (readonly [string, string])[] {
  const terms = selector === undefined ? [] : String(selector).split(",");
  return terms.map((term) => [term.slice(0, term.indexOf("=")), term.slice(term.indexOf("=") + 1)] as const);
}

function asAccepted(object: ApiObject, accept = ""): ApiObject {
  if (!accept.includes("as=PartialObjectMetadata")) return object;
  return { apiVersion: "meta.k8s.io/v1", kind: "PartialObjectMetadata", metadata: object.metadata };
}

function withoutType(object: ApiObject, accept: string | undefined): ApiObject {
  const shown = asAccepted(object, accept);
  if (shown !== object) return shown;
  const { apiVersion: _, kind: __, ...rest } = object;
  return rest as ApiObject;
}

function bookmarkOf(version: number): WatchEvent {
  return { type: "BOOKMARK", object: { metadata: { name: "", resourceVersion: String(version) } } };
}

function statusOf({ status, reason, message }: ApiError): ApiObject {
  return { kind: "Status", apiVersion: "v1", metadata: { name: "" }, status: "Failure", code: status, reason, message };
}

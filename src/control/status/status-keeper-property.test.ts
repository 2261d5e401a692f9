import fc from "fast-check";
import { expect, test } from "vitest";
import type { ApiObject } from "../api/api.ts";
import { ApiError } from "../api/api.ts";
import { ingress, KeeperCase, middleware, proxies, route, service } from "./keeper-case.ts";
import { WRITES_PER_CHANGE } from "./status-book.ts";

/** Something that happens to the cluster. */
type Happening =
  | { readonly what: "put"; readonly object: ApiObject }
  | { readonly what: "remove"; readonly kind: string; readonly name: string }
  | { readonly what: "answer"; readonly proxy: string; readonly behind: number; readonly refuses: string | null }
  | { readonly what: "gone"; readonly proxy: string }
  | { readonly what: "ready"; readonly pods: readonly string[] }
  | { readonly what: "pass"; readonly ms: number }
  | { readonly what: "fail"; readonly times: number };

const proxy = fc.constantFrom("p1", "p2", "p3");
const name = fc.constantFrom("a", "b");
const object: fc.Arbitrary<ApiObject> = fc.oneof(
  fc.tuple(name, fc.constantFrom("/", "/x", "/y"), fc.boolean()).map(([of, path, uses]) => {
    return route(of, `PathPrefix(\`${path}\`)`, uses ? { middlewares: [{ name: "m" }] } : {});
  }),
  fc.tuple(name, fc.constantFrom("web", "none"), fc.constantFrom("fairway", "other")).map((args) => ingress(...args)),
  fc.constantFrom("/p", "/q").map((prefix) => middleware("m", { stripPrefix: { prefixes: [prefix] } })),
  fc.constant(service()),
);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: object.map((put) => ({ what: "put" as const, object: put })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom("IngressRoute", "Ingress"), name)
      .map(([kind, of]) => ({ what: "remove" as const, kind, name: of })),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(proxy, fc.nat(3), fc.option(fc.constantFrom("IngressRoute", "Middleware"), { freq: 5 }))
      .map(([of, behind, refuses]) => ({ what: "answer" as const, proxy: of, behind, refuses })),
  },
  { weight: 1, arbitrary: proxy.map((of) => ({ what: "gone" as const, proxy: of })) },
  { weight: 1, arbitrary: fc.subarray(["p1", "p2", "p3"]).map((pods) => ({ what: "ready" as const, pods })) },
  { weight: 3, arbitrary: fc.constantFrom(1, 500, 1_100, 3_000).map((ms) => ({ what: "pass" as const, ms })) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }).map((times) => ({ what: "fail" as const, times })) },
);

/** A cluster to which things happen, and which watches what is written. */
class Witness {
  readonly cluster = new KeeperCase();
  readonly wrong: string[] = [];
  /** Versions so far, the newest last. */
  readonly #versions: string[] = [];
  /** The place of the version each proxy runs. */
  readonly #runs = new Map<string, number>();
  #ready: readonly string[] = ["p1", "p2"];
  /** The place of the first version that holds each object's newest generation. */
  readonly #since = new Map<string, { readonly generation: number; readonly place: number }>();
  /** Generations that have been programmed once. */
  readonly #once = new Set<string>();
  readonly #changes = new Map<string, number>();
  readonly #writes = new Map<string, number>();
  #failures = 0;

  async begin(): Promise<void> {
    this.cluster.api.intercept = ({ method, path, body }) => {
      if (method !== "PATCH") return;
      if (this.#failures-- > 0) throw new ApiError(503, "ServiceUnavailable", "no");
      this.#check(body as ApiObject, path);
    };
    await this.#change([service(), ...proxies(...this.#ready)]);
  }

  async happen(one: Happening): Promise<void> {
    const { cluster } = this;
    if (one.what === "put") await this.#change([one.object]);
    if (one.what === "remove") {
      cluster.remove(one.kind, one.name);
      await this.#change([]);
    }
    if (one.what === "answer") this.#answer(one.proxy, one.behind, one.refuses);
    if (one.what === "gone") {
      this.#runs.delete(one.proxy);
      cluster.keeper.onGone(one.proxy, "fairway");
    }
    if (one.what === "ready") {
      this.#ready = one.pods;
      await this.#change(proxies(...one.pods));
    }
    if (one.what === "fail") this.#failures = one.times;
    await cluster.pass(one.what === "pass" ? one.ms : 0);
  }

  async #change(objects: readonly ApiObject[]): Promise<void> {
    this.cluster.put(...objects);
    this.cluster.run();
    if (this.#versions.at(-1) !== this.cluster.version) this.#versions.push(this.cluster.version);
    for (const kind of ["IngressRoute", "Ingress", "Middleware"]) {
      for (const { metadata } of this.cluster.api.list(kind)) {
        const key = `${kind}/${metadata.name}`;
        const generation = metadata.generation ?? 0;
        // A change to anything may be a change to what is said of everything.
        this.#changes.set(key, (this.#changes.get(key) ?? 0) + 1);
        if (this.#since.get(key)?.generation !== generation)
          this.#since.set(key, { generation, place: this.#versions.length - 1 });
      }
    }
    await this.cluster.pass(0);
  }

  #answer(proxyId: string, behind: number, refuses: string | null): void {
    const place = Math.max(this.#runs.get(proxyId) ?? 0, this.#versions.length - 1 - behind, 0);
    this.#runs.set(proxyId, place);
    const id =
      refuses === "Middleware"
        ? this.cluster.resource("middleware", "Middleware", "m")
        : this.cluster.resource("router", "IngressRoute", "a");
    this.cluster.answer(proxyId, refuses === null || id === "" ? {} : { [id]: "no" }, this.#versions[place]);
  }

  /** Holds a write to what is promised. */
  #check({ kind, metadata, status }: ApiObject, path: string): void {
    const key = `${kind}/${metadata.name}`;
    this.#writes.set(key, (this.#writes.get(key) ?? 0) + 1);
    if ((this.#writes.get(key) ?? 0) > WRITES_PER_CHANGE * (this.#changes.get(key) ?? 0) + 1)
      this.wrong.push(`too many writes: ${path}`);
    if (status === undefined) return;
    const { conditions = [], observedGeneration } = status as {
      conditions?: { type: string; status: string }[];
      observedGeneration?: number;
    };
    const isProgrammed =
      kind === "Ingress" || conditions.some(({ type, status: held }) => type === "Programmed" && held === "True");
    if (!isProgrammed || kind === "Middleware") return;
    const since = this.#since.get(key);
    if (observedGeneration !== undefined && observedGeneration !== since?.generation)
      this.wrong.push(`an old generation: ${path}`);
    const uid = this.cluster.api.get(kind ?? "", "shop", metadata.name)?.metadata.uid;
    const once = `${uid} ${since?.generation}`;
    const runsIt = this.#ready.length > 0 && this.#ready.every((pod) => this.#covers(pod, since?.place ?? 0));
    if (!runsIt && !this.#once.has(once)) this.wrong.push(`not run by all: ${path}`);
    this.#once.add(once);
  }

  /** A version that comes back counts as new: it holds what the newest holds. */
  #covers(pod: string, place: number): boolean {
    const runs = this.#runs.get(pod);
    if (runs === undefined) return false;
    return this.#versions.lastIndexOf(this.#versions[runs] ?? "") >= place;
  }
}

test("whatever happens: two writes a change at most, and nothing is programmed before every serving proxy runs it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 40 }), async (happenings) => {
      const witness = new Witness();
      await witness.begin();
      for (const one of happenings) await witness.happen(one);
      await witness.cluster.pass(200_000);
      expect(witness.wrong).toEqual([]);
      witness.cluster.keeper.stop();
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("in the end every status says what a fresh keeper would say", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 30 }), async (happenings) => {
      const { cluster } = await settled(happenings);
      const before = cluster.writes();
      cluster.keeper.setHolder(false);
      const fresh = new KeeperCase({ api: cluster.api, time: cluster.time });
      fresh.watch();
      fresh.run();
      for (const pod of ["p1", "p2"]) fresh.answer(pod);
      await fresh.pass(30_000);
      expect(fresh.writes()).toEqual(before);
      fresh.keeper.stop();
    }),
    { numRuns: 30 },
  );
}, 60_000);

/** A cluster after all this, at rest: two proxies serve, run the newest version and refuse nothing. */
async function settled(happenings: readonly Happening[]): Promise<Witness> {
  const witness = new Witness();
  await witness.begin();
  for (const one of happenings) await witness.happen(one);
  await witness.happen({ what: "ready", pods: ["p1", "p2"] });
  for (const pod of ["p1", "p2", "p3"]) await witness.happen({ what: "answer", proxy: pod, behind: 0, refuses: null });
  await witness.cluster.pass(200_000);
  return witness;
}

import { afterEach, expect, test } from "vitest";
import { FakeApi } from "../../../../test/kubernetes/fake-api.ts";
import { systemClock } from "../../../kernel/clock.ts";
import { ApiError, type ApiObject, type ApiRequest, ApiUnreachable, ConnectionDistrusted } from "../../api/api.ts";
import { Discovery } from "./discovery.ts";
import { WATCHED_KINDS, type WatchedKind } from "./kinds.ts";
import { WHOLE_CHARS_MAX, WHOLE_OBJECTS_MAX } from "./list-pages.ts";
import { Reflector, type ReflectorState } from "./reflector.ts";

const ROUTES = WATCHED_KINDS.find(({ kind }) => kind === "IngressRoute") as WatchedKind;

/** What a reflector told: the world as it stands, how it came about, and the states. */
class Observed {
  readonly api = new FakeApi();
  readonly world = new Map<string, string>();
  readonly commits: string[] = [];
  readonly states: ReflectorState[] = [];
  readonly reflector: Reflector<ApiObject>;
  /** Time passes this much faster than it does. */
  readonly #speed = 100;

  constructor(namespace: string | null = null) {
    const { api } = this;
    const clock = {
      now: () => systemClock.now(),
      monotonicMs: () => systemClock.monotonicMs() * this.#speed,
      after: (delayMs: number, run: () => void) => systemClock.after(delayMs / this.#speed, run),
    };
    this.reflector = new Reflector<ApiObject>({
      api,
      discovery: new Discovery(api, clock),
      kind: ROUTES,
      namespace,
      clock,
      random: () => 0.5,
      sink: {
        prepare: (object) => object,
        commit: (changed, gone) => {
          for (const { metadata } of changed) this.world.set(metadata.name, metadata.resourceVersion ?? "");
          for (const key of gone) this.world.delete(key.slice(key.indexOf("/") + 1));
          this.commits.push([...changed.map(({ metadata }) => `+${metadata.name}`), ...gone.map((key) => `-${key}`)].join(" "));
        },
      },
      onState: (state) => this.states.push(state),
    });
  }

  route(name: string, namespace = "shop", routes: unknown[] = []): ApiObject {
    const metadata = { name, namespace };
    return this.api.put({ apiVersion: "fairway.dev/v1alpha1", kind: "IngressRoute", metadata, spec: { routes } });
  }

  get names(): readonly string[] {
    return [...this.world.keys()].sort();
  }

  /** Requests so far that begin a list. */
  get lists(): number {
    return this.api.requests.filter(({ path, query = {} }) => path.endsWith("/ingressroutes") && !query.watch && !query.continue)
      .length;
  }

  /** Waits until the watch stands. */
  async following(): Promise<void> {
    await expect.poll(() => this.api.watching.length, { interval: 1 }).toBe(1);
  }
}

const running: Observed[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ reflector }) => reflector.stop()));
});

async function observed(namespace: string | null = null, before: (it: Observed) => void = () => {}): Promise<Observed> {
  const it = new Observed(namespace);
  running.push(it);
  before(it);
  await it.reflector.start();
  return it;
}

const settled = { interval: 1, timeout: 5_000 };

test("what is there comes as one change, what happens then comes as it happens", async () => {
  const it = await observed(null, (it) => {
    for (let n = 0; n < 1_200; n++) it.route(`route-${n}`);
    it.api.countsRemaining = false;
  });
  expect(it.world.size).toBe(1_200);
  expect(it.commits).toHaveLength(1);
  expect(it.api.requests.filter(({ query = {} }) => !query.watch)).toHaveLength(3);
  await it.following();
  it.route("new");
  it.route("route-7", "shop", [1]);
  it.api.remove("IngressRoute", "shop", "route-9");
  await expect.poll(() => it.commits.slice(1), settled).toEqual(["+new", "+route-7", "-shop/route-9"]);
});

test("a namespace is watched alone", async () => {
  const it = await observed("shop", (it) => it.route("a"));
  it.route("elsewhere", "other");
  await it.following();
  it.route("b");
  await expect.poll(() => it.names, settled).toEqual(["a", "b"]);
});

test("a watch goes on where the one before ended, without a list, with bookmarks counted", async () => {
  const it = await observed(null, (it) => it.route("a"));
  await it.following();
  it.route("b");
  await expect.poll(() => it.names, settled).toEqual(["a", "b"]);
  it.api.put({ apiVersion: "v1", kind: "Namespace", metadata: { name: "noise" } });
  it.api.bookmark();
  await new Promise((resolve) => setTimeout(resolve, 5));
  it.api.compact();
  it.api.bookmark();
  await new Promise((resolve) => setTimeout(resolve, 5));
  it.api.endWatches();
  await expect.poll(() => it.api.watching.length, settled).toBe(0);
  await it.following();
  it.route("c");
  await expect.poll(() => it.names, settled).toEqual(["a", "b", "c"]);
  expect(it.lists).toBe(1);
});

test("what the server has forgotten is listed again as one replacement: deletions count, what is unchanged does not", async () => {
  const it = await observed(null, (it) => {
    for (const name of ["gone", "changed", "same"]) it.route(name);
  });
  await it.following();
  const same = it.world.get("same");
  it.api.intercept = () => {
    throw new ApiUnreachable("down");
  };
  it.api.endWatches(new ApiUnreachable("reset"));
  it.api.remove("IngressRoute", "shop", "gone");
  it.route("changed", "shop", [1]);
  it.route("new");
  it.api.compact();
  it.api.intercept = () => {};
  await expect.poll(() => it.commits.slice(1), settled).toEqual(["+changed +new -shop/gone"]);
  expect(it.world.get("same")).toBe(same);
});

test("a collection of several pages is asked for at once after its first page, and what went meanwhile is not in it", async () => {
  const it = await observed(null, (it) => {
    for (let n = 0; n < 600; n++) it.route(`route-${n}`);
    it.api.intercept = ({ query = {} }) => {
      if (query.limit === undefined && query.watch === undefined) it.api.remove("IngressRoute", "shop", "route-0");
    };
  });
  expect(it.world.size).toBe(599);
  expect(it.api.requests.slice(0, 2).map(({ query }) => query)).toEqual([{ limit: 500 }, {}]);
});

test.each([
  { what: "of many objects", count: WHOLE_OBJECTS_MAX + 1, padding: 0 },
  { what: "of large objects", count: 501, padding: Math.ceil(WHOLE_CHARS_MAX / 501) },
])("a collection $what is asked for page by page", async ({ count, padding }) => {
  const it = await observed(null, (it) => {
    for (let n = 0; n < count; n++) it.route(`route-${n}`, "shop", ["x".repeat(padding)]);
  });
  expect(it.world.size).toBe(count);
  const pages = it.api.requests.slice(0, Math.ceil(count / 500));
  expect(pages.map(({ query }) => query?.limit)).toEqual(pages.map(() => 500));
});

test("a list that goes stale between two pages is made in one", async () => {
  const it = await observed(null, (it) => {
    for (let n = 0; n < 600; n++) it.route(`route-${n}`);
    it.api.countsRemaining = false;
    it.api.intercept = ({ query = {} }) => {
      if (query.continue !== undefined) it.api.compact();
    };
  });
  expect(it.world.size).toBe(600);
  expect(it.api.requests.at(2)?.query).toEqual({});
});

test("while the server refuses or fails, the world stays, the failure is told once, and the way back is told", async () => {
  const it = await observed(null, (it) => it.route("a"));
  await it.following();
  let asked = 0;
  it.api.intercept = () => {
    asked += 1;
    throw new ApiError(403, "Forbidden", "may not watch");
  };
  it.api.endWatches();
  await expect.poll(() => asked, settled).toBeGreaterThan(3);
  expect(it.names).toEqual(["a"]);
  expect(it.states.filter(({ is }) => is === "failing")).toMatchObject([{ status: 403, reason: "may not watch" }]);
  it.api.intercept = () => {};
  it.route("b");
  await expect.poll(() => it.names, settled).toEqual(["a", "b"]);
  expect(it.states.at(-1)).toEqual({ is: "following" });
  expect(it.lists).toBe(1);
});

test("nothing is ready before the list has come through, however often it fails", async () => {
  const it = new Observed();
  running.push(it);
  it.route("a");
  let left = 4;
  it.api.intercept = () => {
    if (left-- > 0) throw new ApiError(500, "InternalError", "not yet");
  };
  let isReady = false;
  const ready = it.reflector.start().then(() => {
    isReady = true;
  });
  await expect.poll(() => left, settled).toBe(2);
  expect(isReady).toBe(false);
  await ready;
  expect(it.names).toEqual(["a"]);
});

test("what the server asks to be waited is waited", async () => {
  const it = new Observed();
  running.push(it);
  const times: number[] = [];
  it.api.intercept = ({ query = {} }: ApiRequest) => {
    if (query.watch) return;
    times.push(systemClock.monotonicMs());
    if (times.length === 1) throw new ApiError(429, "TooManyRequests", "slow down", 5_000);
  };
  await it.reflector.start();
  expect((times[1] as number) - (times[0] as number)).toBeGreaterThanOrEqual(49);
});

test("a connection that died unnoticed is given up after a silence, and its successor misses nothing", async () => {
  const it = await observed(null, (it) => it.route("a"));
  await it.following();
  it.api.silenceWatches();
  it.route("b");
  it.api.endWatches(new ApiUnreachable("nothing came for 90000 ms"));
  await expect.poll(() => it.names, settled).toEqual(["a", "b"]);
  expect(it.lists).toBe(1);
});

test("a connection that is only distrusted is replaced, however often, and nothing is told", async () => {
  const it = await observed(null, (it) => it.route("a"));
  for (let turn = 0; turn < 8; turn++) {
    await it.following();
    it.api.endWatches(new ConnectionDistrusted());
    await expect.poll(() => it.api.watching.length, settled).toBe(0);
  }
  await it.following();
  it.route("b");
  await expect.poll(() => it.names, settled).toEqual(["a", "b"]);
  expect(it.states).toEqual([{ is: "following" }]);
});

test("something that is no event ends the watch, and nothing else", async () => {
  const it = await observed(null, (it) => it.route("a"));
  await it.following();
  it.api.pushEvent({ type: "MODIFIED", object: {} as ApiObject });
  it.route("b");
  await expect.poll(() => it.names, settled).toEqual(["a", "b"]);
});

test("a kind that is not installed is ready at once, and picked up when it comes", async () => {
  let type: ReturnType<FakeApi["uninstall"]> | undefined;
  const it = await observed(null, (it) => {
    type = it.api.uninstall("IngressRoute");
  });
  expect(it.states).toEqual([{ is: "absent" }]);
  it.api.install(type as NonNullable<typeof type>);
  it.route("a");
  await expect.poll(() => it.names, settled).toEqual(["a"]);
  expect(it.states.at(-1)).toEqual({ is: "following" });
});

test("a kind whose definition is removed while it is watched is survived, its deletions taken one by one", async () => {
  const it = await observed(null, (it) => it.route("a"));
  await it.following();
  const type = it.api.uninstall("IngressRoute");
  await expect.poll(() => it.states.at(-1), settled).toEqual({ is: "absent" });
  expect(it.commits.slice(1)).toEqual(["-shop/a"]);
  it.api.install(type);
  it.route("b");
  await expect.poll(() => it.names, settled).toEqual(["b"]);
});

test("a collection that is not found while discovery says it is there, or says nothing, empties nothing", async () => {
  const it = await observed(null, (it) => it.route("a"));
  await it.following();
  let asked = 0;
  it.api.intercept = ({ path }) => {
    if (path.endsWith("/ingressroutes")) asked += 1;
    if (path.endsWith("/ingressroutes")) throw new ApiError(404, "", "404 page not found");
  };
  it.api.endWatches();
  await expect.poll(() => asked, settled).toBeGreaterThan(3);
  expect(it.names).toEqual(["a"]);
  it.api.intercept = () => {
    asked += 1;
    throw new ApiError(404, "", "404 page not found");
  };
  const before = asked;
  await expect.poll(() => asked - before, settled).toBeGreaterThan(6);
  expect(it.names).toEqual(["a"]);
  expect(it.states.at(-1)).toMatchObject({ is: "failing", status: 404 });
});

test("a kind that vanished without a word is let go of only after discovery has said so for a while", async () => {
  const it = await observed(null, (it) => it.route("a"));
  await it.following();
  it.api.silenceWatches();
  it.api.uninstall("IngressRoute");
  await expect.poll(() => it.states.at(-1), settled).toMatchObject({ is: "failing", status: 404 });
  expect(it.names).toEqual(["a"]);
  await expect.poll(() => it.states.at(-1), settled).toEqual({ is: "absent" });
  expect(it.names).toEqual([]);
});

test("it ends at once, whatever it waits for", async () => {
  const it = new Observed();
  it.api.uninstall("IngressRoute");
  let answer = (): void => {};
  it.api.intercept = async ({ path }) => {
    if (path === "/apis") await new Promise<void>((resolve) => (answer = resolve));
    if (path.startsWith("/apis/fairway.dev/v1alpha1")) throw new ApiError(404, "", "404 page not found");
  };
  const started = it.reflector.start();
  await expect.poll(() => it.api.requests.some(({ path }) => path === "/apis"), settled).toBe(true);
  const stopped = it.reflector.stop();
  answer();
  await Promise.all([stopped, started]);
  expect(it.api.watching).toEqual([]);
});

test("a list asked for is made anew, and done only when the world has it", async () => {
  const it = await observed(null, (it) => it.route("a"));
  await it.following();
  it.api.silenceWatches();
  it.route("b");
  await it.reflector.relist();
  expect(it.names).toEqual(["a", "b"]);
  expect(it.lists).toBe(2);
  await Promise.all([it.reflector.relist(), it.reflector.relist()]);
  await it.following();
  it.route("c");
  await expect.poll(() => it.names, settled).toEqual(["a", "b", "c"]);
});

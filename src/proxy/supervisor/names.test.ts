import { expect, test } from "vitest";
import type { Clock } from "../../kernel/clock.ts";
import type { ResolvedName } from "../messages.ts";
import { type NameResolver, Names } from "./names.ts";

/** A clock that stands still until it is told to go on. */
class StillClock implements Clock {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly run: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  async pass(ms: number): Promise<void> {
    this.#nowMs += ms;
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#nowMs);
    for (const { run } of due) run();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A name server that answers from a table; a name that is not in it fails. */
class TableResolver implements NameResolver {
  readonly v4: Record<string, { address: string; ttl: number }[]> = {};
  readonly v6: Record<string, { address: string; ttl: number }[]> = {};
  asked = 0;

  async resolve4(hostname: string) {
    this.asked++;
    return answer(this.v4, hostname);
  }

  async resolve6(hostname: string) {
    return answer(this.v6, hostname);
  }

  cancel(): void {}
}

function answer<T>(table: Record<string, T>, hostname: string): T {
  const found = table[hostname];
  if (!found) throw Object.assign(new Error("queryA ENOTFOUND"), { code: "ENOTFOUND" });
  return found;
}

function setup() {
  const clock = new StillClock();
  const resolver = new TableResolver();
  const changes: ResolvedName[] = [];
  const names = new Names({ clock, resolver, onChange: (changed) => changes.push(...changed) });
  return { clock, resolver, changes, names };
}

test("both families are asked, and the answers come sorted and once", async () => {
  const { names, resolver, changes } = setup();
  resolver.v4["api.example.com"] = [
    { address: "10.0.0.2", ttl: 60 },
    { address: "10.0.0.1", ttl: 30 },
  ];
  resolver.v6["api.example.com"] = [{ address: "fd00::1", ttl: 60 }];
  await names.want(["api.example.com"]);
  await names.want(["api.example.com"]);
  expect(changes).toEqual([{ hostname: "api.example.com", addresses: ["10.0.0.1", "10.0.0.2", "fd00::1"] }]);
  expect(names.known()).toEqual(changes);
  expect(resolver.asked).toBe(1);
});

test("localhost and addresses need no name server", async () => {
  const { names, resolver } = setup();
  await names.want(["localhost", "10.1.2.3", "::1", "app.localhost."]);
  expect(names.known()).toEqual([
    { hostname: "localhost", addresses: ["127.0.0.1", "::1"] },
    { hostname: "10.1.2.3", addresses: ["10.1.2.3"] },
    { hostname: "::1", addresses: ["::1"] },
    { hostname: "app.localhost.", addresses: ["127.0.0.1", "::1"] },
  ]);
  expect(resolver.asked).toBe(0);
});

test("a name is asked for again when its TTL has passed, at the soonest after 1 s and at the latest after 5 min", async () => {
  const { names, resolver, clock, changes } = setup();
  resolver.v4.short = [{ address: "10.0.0.1", ttl: 0 }];
  resolver.v4.long = [{ address: "10.0.0.1", ttl: 86_400 }];
  await names.want(["short", "long"]);
  expect(resolver.asked).toBe(2);
  await clock.pass(999);
  expect(resolver.asked).toBe(2);
  resolver.v4.short = [{ address: "10.0.0.9", ttl: 600 }];
  await clock.pass(1);
  expect(resolver.asked).toBe(3);
  expect(changes.at(-1)).toEqual({ hostname: "short", addresses: ["10.0.0.9"] });
  await clock.pass(299_000);
  expect(resolver.asked).toBe(4);
  expect(changes).toHaveLength(3);
});

test("what is known stays known when the name server fails, and it is asked again", async () => {
  const { names, resolver, clock, changes } = setup();
  resolver.v4.api = [{ address: "10.0.0.1", ttl: 1 }];
  await names.want(["api"]);
  delete resolver.v4.api;
  await clock.pass(1_000);
  await clock.pass(1_000);
  expect(resolver.asked).toBe(3);
  expect(names.known()).toEqual([{ hostname: "api", addresses: ["10.0.0.1"] }]);
  resolver.v4.api = [{ address: "10.0.0.2", ttl: 1 }];
  await clock.pass(30_000);
  expect(changes.map(({ addresses }) => addresses)).toEqual([["10.0.0.1"], ["10.0.0.2"]]);
});

test("a name that nobody uses any more is forgotten", async () => {
  const { names, resolver, clock } = setup();
  resolver.v4.a = [{ address: "10.0.0.1", ttl: 1 }];
  await names.want(["a", "localhost"]);
  names.keepOnly(["localhost"]);
  await clock.pass(10_000);
  expect(names.known().map(({ hostname }) => hostname)).toEqual(["localhost"]);
  expect(resolver.asked).toBe(1);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { resourceId } from "../../model/ids.ts";
import type { Router } from "../../model/router.ts";
import type { Rule } from "../../model/rule.ts";
import { type Claim, claimOf } from "./claim.ts";
import { TlsHosts } from "./tls-hosts.ts";

const HOSTS = ["a.test", "b.test", "*.test", "*"] as const;
const OPTIONS = [undefined, null, "strict", "lax"] as const;

function optionId(name: string) {
  return resourceId("tlsOption", { kind: "TLSOption", namespace: "test", name });
}

function claim(name: string, host: (typeof HOSTS)[number], option: (typeof OPTIONS)[number], createdAtMs = 1): Claim {
  const origin = { kind: "IngressRoute", namespace: "test", name };
  const rule: Rule =
    host === "*" ? { op: "match", matcher: "PathPrefix", args: ["/"] } : { op: "match", matcher: "Host", args: [host] };
  const rank = { priority: 0, host: 0, path: 0, pathLength: 0, predicates: 0, createdAtMs, object: `test/${name}`, index: 0 };
  const router: Router = {
    id: resourceId("router", origin),
    origin,
    entryPoints: ["websecure"],
    rule,
    ruleText: host,
    rank,
    middlewares: [],
    service: null,
    tombstone: null,
    ...(option === undefined ? {} : { tlsOption: option === null ? null : optionId(option) }),
  };
  return claimOf(router, "spec.routes[0].match");
}

/** What hosts have after all these, as the proxy finds it, and what is told. */
class Outcome {
  readonly hosts = new TlsHosts();
  readonly settled = new Map<string, unknown>();
  readonly told = new Map<string, string>();

  take(): this {
    for (const [id, host] of this.hosts.takeChanges()) {
      if (host === null) this.settled.delete(id);
      else this.settled.set(id, [host.option, host.origin.name]);
    }
    for (const [where, problems] of this.hosts.takeProblems()) {
      if (problems.length === 0) this.told.delete(where);
      else this.told.set(where, JSON.stringify(problems));
    }
    return this;
  }

  get all() {
    return [[...this.settled].sort(), [...this.told].sort()];
  }
}

test("whatever came and went, and in whatever order, the outcome is that of what is there", () => {
  const step = fc.record({
    name: fc.constantFrom("one", "two", "three", "four"),
    host: fc.constantFrom(...HOSTS),
    option: fc.constantFrom(...OPTIONS),
    age: fc.integer({ min: 1, max: 3 }),
    goes: fc.boolean(),
    looks: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const outcome = new Outcome();
      const present = new Map<string, Claim>();
      for (const { name, host, option, age, goes, looks } of steps) {
        const former = present.get(name);
        if (former !== undefined) outcome.hosts.remove(former);
        present.delete(name);
        if (!goes) {
          const next = claim(name, host, option, age);
          present.set(name, next);
          outcome.hosts.add(next);
        }
        if (looks) outcome.take();
      }
      const fresh = new Outcome();
      for (const each of [...present.values()].reverse()) fresh.hosts.add(each);
      expect(outcome.take().all).toEqual(fresh.take().all);
    }),
  );
});

test("nothing is settled where nobody wants anything else than the default", () => {
  const outcome = new Outcome();
  for (const host of HOSTS) outcome.hosts.add(claim(host, host, undefined));
  expect(outcome.take().all).toEqual([[], []]);
});

test("a host below a wildcard that wants something keeps the default", () => {
  const outcome = new Outcome();
  outcome.hosts.add(claim("plain", "a.test", undefined));
  outcome.hosts.add(claim("wild", "*.test", "strict"));
  expect(outcome.take().all[0]).toEqual([
    ["tlsHost:EntryPoint//websecure/*.test", [optionId("strict"), "wild"]],
    ["tlsHost:EntryPoint//websecure/a.test", [undefined, "plain"]],
  ]);
});

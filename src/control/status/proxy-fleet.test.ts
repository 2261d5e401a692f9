import fc from "fast-check";
import { expect, test } from "vitest";
import { resourceId } from "../../model/ids.ts";
import { ProxyFleet, VERSIONS_MAX } from "./proxy-fleet.ts";

const ID = resourceId("router", { kind: "IngressRoute", namespace: "shop", name: "a" }, "x");

function answer(fleet: ProxyFleet, proxyId: string, version: string, whole: string | null = null): void {
  fleet.answer({ proxyId, version, refused: [], whole });
}

test("a version covers the runs up to the last one in which it was current", () => {
  const fleet = new ProxyFleet();
  fleet.publish("a", 1);
  answer(fleet, "p", "a");
  expect(fleet.standing(99)).toEqual({ proxies: 1, running: 1 });
  fleet.publish("b", 5);
  expect(fleet.standing(4)).toEqual({ proxies: 1, running: 1 });
  expect(fleet.standing(5)).toEqual({ proxies: 1, running: 0 });
  expect(fleet.coveredByAll()).toBe(4);
});

test("a version that comes back is current again, for whoever runs it", () => {
  const fleet = new ProxyFleet();
  fleet.publish("a", 1);
  answer(fleet, "p", "a");
  fleet.publish("b", 2);
  fleet.publish("a", 3);
  expect(fleet.coveredByAll()).toBe(Number.POSITIVE_INFINITY);
});

test("a proxy that serves and is not connected, or whose version is unknown, covers nothing", () => {
  const fleet = new ProxyFleet();
  fleet.publish("a", 1);
  answer(fleet, "p", "a");
  fleet.setServing(new Set(["p", "q"]));
  expect(fleet.standing(0)).toEqual({ proxies: 2, running: 1 });
  answer(fleet, "q", "unheard of");
  expect(fleet.coveredByAll()).toBe(-1);
  answer(fleet, "q", "a", "no worker took it");
  expect(fleet.coveredByAll()).toBe(-1);
  expect(fleet.said()).toBe("q could not apply it: no worker took it");
});

test("a fleet of nobody covers nothing", () => {
  const fleet = new ProxyFleet();
  expect(fleet.coveredByAll()).toBe(-1);
  answer(fleet, "p", "a");
  fleet.setServing(new Set());
  expect(fleet.coveredByAll()).toBe(-1);
  expect(fleet.standing(0)).toEqual({ proxies: 0, running: 0 });
});

test("a refusal counts while its proxy is there, and only for what its version holds", () => {
  const fleet = new ProxyFleet();
  fleet.publish("a", 1);
  const refused = [{ id: ID, reason: "no" }];
  expect([...fleet.answer({ proxyId: "p", version: "a", refused, whole: null })]).toEqual([ID]);
  expect([...fleet.answer({ proxyId: "p", version: "a", refused, whole: null })]).toEqual([]);
  fleet.publish("b", 2);
  expect(fleet.refusals(new Set([ID]), 1)).toEqual({ id: ID, reason: "no", refusing: 1 });
  expect(fleet.refusals(new Set([ID]), 2)).toBeNull();
  expect([...fleet.gone("p")]).toEqual([ID]);
  expect(fleet.refusedIds().size).toBe(0);
});

test("versions further back than the limit are forgotten: a proxy that runs one covers nothing", () => {
  const fleet = new ProxyFleet();
  for (let sequence = 1; sequence <= VERSIONS_MAX + 2; sequence += 1) fleet.publish(`v${sequence}`, sequence);
  answer(fleet, "old", "v1");
  answer(fleet, "kept", "v2");
  fleet.setServing(new Set(["kept"]));
  expect(fleet.coveredByAll()).toBe(2);
  fleet.setServing(new Set(["old"]));
  expect(fleet.coveredByAll()).toBe(-1);
});

test("what covers a run is what was published in it or after it, whatever comes back", () => {
  const versions = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(versions, fc.nat(), (published, nat) => {
      const fleet = new ProxyFleet();
      for (const [index, version] of published.entries()) fleet.publish(version, index + 1);
      const runs = published[nat % published.length] as "a" | "b" | "c";
      answer(fleet, "p", runs);
      for (let sequence = 1; sequence <= published.length; sequence += 1) {
        const holds = published.slice(sequence - 1).includes(runs);
        expect(fleet.standing(sequence).running, `run ${sequence}`).toBe(holds ? 1 : 0);
      }
    }),
  );
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { originOf, resourceId, resourceType } from "./ids.ts";

const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,10}[a-z0-9])?$/);
const identity = fc.record({
  kind: fc.constantFrom("Ingress", "IngressRoute"),
  namespace: name,
  name,
  key: fc.string({ unit: "grapheme" }),
});

test("two identities never share an id", () => {
  fc.assert(
    fc.property(identity, identity, (a, b) => {
      const same = JSON.stringify(a) === JSON.stringify(b);
      expect(resourceId("router", a, a.key) === resourceId("router", b, b.key)).toBe(same);
    }),
  );
});

test("ids are printable ASCII and begin with their type", () => {
  fc.assert(
    fc.property(identity, (a) => {
      const id = resourceId("service", a, a.key);
      expect(id).toMatch(/^[!-~]+$/);
      expect(resourceType(id)).toBe("service");
    }),
  );
});

test("an id names the object it came from", () => {
  fc.assert(
    fc.property(identity, (a) => {
      const { kind, namespace, name } = a;
      expect(originOf(resourceId("service", a, a.key))).toEqual({ kind, namespace, name });
    }),
  );
});

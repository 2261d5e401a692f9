import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeResource, encodeResource, hashResource, isIntact, SetHash } from "./encode.ts";
import { type ResourceId, resourceId } from "./ids.ts";
import type { Endpoints } from "./service.ts";

const origin = { kind: "Service", namespace: "shop", name: "cart" };
const endpoints: Endpoints = {
  id: resourceId("endpoints", origin, "80"),
  origin,
  servers: [{ address: "10.0.0.1", port: 8080 }],
};

test("the order in which a resource was built does not show in its bytes or its hash", () => {
  const shuffled = {
    servers: [{ port: 8080, address: "10.0.0.1" }],
    origin: { name: "cart", namespace: "shop", kind: "Service" },
  };
  const a = encodeResource(endpoints);
  const b = encodeResource({ ...shuffled, id: endpoints.id } as Endpoints);
  expect(b).toEqual(a);
  expect(isIntact(a)).toBe(true);
  expect(decodeResource(a)).toEqual({ ok: true, value: endpoints });
});

test("a resource whose body, id or format was altered is not intact", () => {
  const encoded = encodeResource(endpoints);
  const body = Uint8Array.from(encoded.body);
  body[5] = body[5]! ^ 1;
  expect(isIntact({ ...encoded, body })).toBe(false);
  expect(isIntact({ ...encoded, format: 2 })).toBe(false);
  expect(isIntact({ ...encoded, id: `${encoded.id}x` as ResourceId })).toBe(false);
});

test("a body that cannot be read says why", () => {
  const encoded = encodeResource(endpoints);
  const other = resourceId("endpoints", origin, "81");
  const body = Buffer.from("{");
  const unknown = "volcano:Service/shop/cart/80" as ResourceId;
  const reason = (change: object) => {
    const result = decodeResource({ ...encoded, ...change });
    return result.ok ? "readable" : result.error;
  };
  expect(reason({ format: 99 })).toContain("format 99 is not known");
  expect(reason({ body, hash: hashResource(encoded.id, 1, body) })).toContain("not JSON");
  expect(reason({ id: other })).toBe(`the body belongs to "${endpoints.id}"`);
  expect(reason({ body: Buffer.from("null") })).toBe("the body belongs to nothing");
  expect(reason({ id: unknown, body: Buffer.from(JSON.stringify({ id: unknown })) })).toBe("the type volcano is not known here");
});

test("a set hash is the sum of its members, whatever their order, and removing undoes adding", () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(fc.array(hash, { maxLength: 20 }), fc.array(hash, { maxLength: 5 }), (members, passing) => {
      const set = new SetHash();
      for (const member of [...passing, ...members]) set.add(member);
      for (const member of passing) set.remove(member);
      const sum = members.reduce((total, member) => total + BigInt(`0x${Buffer.from(member).toString("hex")}`), 0n);
      expect(set.hex()).toBe((sum % (1n << 256n)).toString(16).padStart(64, "0"));
      const backwards = new SetHash();
      for (const member of members.toReversed()) backwards.add(member);
      expect(backwards.hex()).toBe(set.hex());
      expect(backwards.clone().hex()).toBe(set.hex());
    }),
  );
});

test("the empty set is all zeros", () => {
  expect(new SetHash().hex()).toBe("0".repeat(64));
});

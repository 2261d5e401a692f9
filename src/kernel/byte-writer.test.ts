import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteWriter } from "./byte-writer.ts";

test("whatever is put together comes out in order, however short or long, and however small the buffer was", () => {
  const piece = fc.record({
    kind: fc.constantFrom("text", "utf8", "slice", "byte"),
    text: fc.string({ maxLength: 120, unit: "binary" }),
  });
  fc.assert(
    fc.property(fc.array(piece), fc.integer({ min: 1, max: 64 }), (pieces, size) => {
      const writer = new ByteWriter(size);
      const expected: Buffer[] = [];
      for (const { kind, text } of pieces) {
        const bytes = Buffer.from(text, kind === "utf8" ? "utf8" : "latin1");
        if (kind === "text") writer.text(bytes.toString("latin1"));
        else if (kind === "utf8") writer.utf8(text);
        else if (kind === "slice") writer.slice(Buffer.concat([bytes, bytes]), bytes.length, 2 * bytes.length);
        else writer.byte(bytes[0] ?? 0);
        expected.push(kind === "byte" ? Buffer.of(bytes[0] ?? 0) : bytes);
      }
      expect(writer.bytes.subarray(0, writer.length).equals(Buffer.concat(expected))).toBe(true);
    }),
  );
});

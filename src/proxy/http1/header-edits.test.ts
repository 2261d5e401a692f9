import { expect, test } from "vitest";
import { EDITS_MAX, HeaderEdits } from "./header-edits.ts";
import { OutBuffer } from "./out-buffer.ts";

function written(edits: HeaderEdits): string {
  const out = new OutBuffer();
  edits.write(out);
  return out.copyFrom(0).toString();
}

test("set replaces, add adds, remove removes", () => {
  const edits = new HeaderEdits();
  edits.add("x-a", "1");
  edits.add("x-a", "2");
  edits.set("x-b", "3");
  edits.set("x-b", "4");
  edits.add("x-c", "5");
  edits.remove("x-c");
  expect(written(edits)).toBe("X-A: 1\r\nX-A: 2\r\nX-B: 4\r\n");
  expect(edits.removes("x-a")).toBe(false);
  expect(edits.removes("x-b")).toBe(true);
  expect(edits.added("x-c")).toBeNull();
});

test("a removed field is known by its bytes, in any case, with underscores for hyphens", () => {
  const edits = new HeaderEdits();
  edits.remove("x-user-id");
  for (const name of ["x-user-id", "X-User-ID", "X_User-Id"]) {
    expect(edits.removesField(Buffer.from(name), 0, name.length)).toBe(true);
  }
  expect(edits.removesField(Buffer.from("x-user-ix"), 0, 9)).toBe(false);
});

test("fields that frame a message are nobody's to edit", () => {
  const edits = new HeaderEdits();
  for (const name of ["content-length", "transfer-encoding", "connection", "host", "upgrade", "te", "trailer", "expect"]) {
    edits.set(name, "x");
    edits.remove(name);
  }
  expect(edits.isEmpty).toBe(true);
});

test("what would break the head is left out", () => {
  const edits = new HeaderEdits();
  edits.add("x-a", "a\r\nb");
  edits.add("x-a", "a\0b");
  edits.add("x a", "b");
  edits.add("", "b");
  expect(edits.isEmpty).toBe(true);
});

test.each(["add", "remove"] as const)("as many as the limit can be %sed, and one more is told", (edit) => {
  const edits = new HeaderEdits();
  for (let i = 0; i < EDITS_MAX; i++) edits[edit](`x-${i}`, "v");
  expect(edits.isBeyond).toBe(false);
  edits[edit](`x-${EDITS_MAX}`, "v");
  expect(edits.isBeyond).toBe(true);
  edits.clear();
  expect(edits.isBeyond).toBe(false);
});

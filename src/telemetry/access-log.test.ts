import { expect, test } from "vitest";
import { ACCESS_BUFFER_CHARS, type AccessEntry, AccessLog } from "./access-log.ts";

const ENTRY = { status: 200 } as AccessEntry;
const LINE = '{"status":200}\n';

test("lines are kept until there are enough of them, or until a flush", () => {
  const sent: string[] = [];
  const log = new AccessLog({ format: "json", fields: ["status"], headers: {} }, (lines) => sent.push(lines));
  log.flush();
  expect(sent).toEqual([]);
  log.add(ENTRY);
  log.add(ENTRY);
  expect(sent).toEqual([]);
  log.flush();
  expect(sent).toEqual([LINE + LINE]);
  for (let i = 0; i < Math.ceil(ACCESS_BUFFER_CHARS / LINE.length); i++) log.add(ENTRY);
  expect(sent).toHaveLength(2);
  expect(sent[1]?.length).toBeGreaterThan(ACCESS_BUFFER_CHARS - 4 * LINE.length);
  expect(sent[1]?.length).toBeLessThanOrEqual(ACCESS_BUFFER_CHARS);
});

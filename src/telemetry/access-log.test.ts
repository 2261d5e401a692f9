import { expect, test } from "vitest";
import { ACCESS_BUFFER_BYTES, type AccessEntry, AccessLog } from "./access-log.ts";

const ENTRY = { status: 200 } as AccessEntry;
const LINE = '{"status":200}\n';

test("lines are kept until there are enough of them, or until a flush", () => {
  const sent: string[] = [];
  const log = new AccessLog({ format: "json", fields: ["status"], headers: {} }, (lines) =>
    sent.push(Buffer.from(lines).toString()),
  );
  log.flush();
  expect(sent).toEqual([]);
  log.add(ENTRY);
  log.add(ENTRY);
  expect(sent).toEqual([]);
  log.flush();
  expect(sent).toEqual([LINE + LINE]);
  for (let i = 0; i < Math.ceil(ACCESS_BUFFER_BYTES / LINE.length); i++) log.add(ENTRY);
  expect(sent).toHaveLength(2);
  expect(sent[1]).toBe(LINE.repeat(Math.ceil(ACCESS_BUFFER_BYTES / LINE.length)));
  log.add(ENTRY);
  log.flush();
  expect(sent[2]).toBe(LINE);
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ACCESS_BUFFER_BYTES, ACCESS_FIELDS } from "../../src/telemetry/access-log.ts";
import { ACCESS_WAITING_BYTES_MAX } from "../../src/telemetry/access-log-file.ts";

const page = readFileSync(new URL("../../docs/reference/access-log.md", import.meta.url), "utf8");

test("the page on the access log has every field, in the order of a line, and its bounds", () => {
  const fields = page.slice(page.indexOf("## Fields"), page.indexOf("## When"));
  expect([...fields.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)).toEqual(ACCESS_FIELDS);
  expect(page).toContain(`${ACCESS_BUFFER_BYTES} bytes (\`ACCESS_BUFFER_BYTES\`)`);
  expect(page).toContain(`${ACCESS_WAITING_BYTES_MAX} bytes (\`ACCESS_WAITING_BYTES_MAX\`)`);
});

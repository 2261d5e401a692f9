import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as http2 from "../http2/limits.ts";
import { PROXY_HEADER_BYTES_MAX, PROXY_LINE_BYTES_MAX } from "../listen/proxy-protocol.ts";
import { TALLY_KEYS_MAX } from "../listen/shared-tally.ts";
import { EXTENSION_BYTES_MAX, TRAILER_BYTES_MAX } from "./chunked.ts";
import { CONNECTION_OPTIONS_MAX, FIELDS_MAX } from "./fields.ts";
import { EDITS_MAX } from "./header-edits.ts";
import * as limits from "./limits.ts";
import { METHOD_BYTES_MAX, TARGET_BYTES_MAX } from "./request-parser.ts";

const { TIMEOUTS, ...named } = limits;
const parsers = {
  FIELDS_MAX,
  CONNECTION_OPTIONS_MAX,
  EXTENSION_BYTES_MAX,
  TRAILER_BYTES_MAX,
  METHOD_BYTES_MAX,
  TARGET_BYTES_MAX,
  EDITS_MAX,
  PROXY_LINE_BYTES_MAX,
  PROXY_HEADER_BYTES_MAX,
  TALLY_KEYS_MAX,
};

test("docs/reference/limits.md states every limit and timeout with its default", () => {
  const page = readFileSync(new URL("../../../docs/reference/limits.md", import.meta.url), "utf8");
  const stated = [...page.matchAll(/^\| `(\w+)` \| (\d+) \|/gm)].map(([, name, value]) => [name, Number(value)]);
  expect(Object.fromEntries(stated)).toEqual({ ...named, ...parsers, ...TIMEOUTS, ...http2 });
});

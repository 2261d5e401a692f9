import { expect, test } from "vitest";
import { readCorpus } from "./corpus.ts";
import { hunt, testTimeoutMs } from "./hunt.ts";
import { loadLlhttp } from "./llhttp.ts";
import { readResponse, responseBytes } from "./response-bytes.ts";

const SHARE = 0.1;
const llhttp = loadLlhttp();

/** Malformed to us, and not to llhttp: what it tolerates, and RFC 9112 does not ask anybody to. */
const TOLERATED: Readonly<Record<string, RegExp>> = {
  "something before the status line (§4)": /^(?!HTTP)/,
  "another version than 1.0 and 1.1 (§2.3)": /^HTTP\/(?!1\.[01])/,
  "a status below 100 (RFC 9110 §15)": /^HTTP\/1.[01] 0/,
  "control bytes in the reason (§4)": /^HTTP\/1.[01] \d{3}[^\r\n]*\p{Cc}/u,
  "a coding that is not chunked alone, or in HTTP/1.0 (§6.1)": /\ntransfer-encoding/i,
  "a length of more digits than any length needs (§6.3)": /\ncontent-length:\s*\d{15}/i,
  "more than one length (§6.3)": /\ncontent-length(.|\s)*\ncontent-length/i,
  "a chunk size of more digits than any size needs (§7.1)": /[0-9a-f]{13}/i,
};

/** With a tab behind it llhttp knows no coding, and no length. */
const TAB = /\n(content-length|transfer-encoding):[^\r\n]*\t[ \t]*\r/i;

/** No informational response has a body (§6.3); llhttp knows that of four alone. */
const UNNAMED_INFORMATIONAL = /^HTTP\/1\.[01] 1(?!0[0-3])\d\d/;

/** Right to us, and not to llhttp. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  "a tab behind a value of the framing (RFC 9110 §5.5)": TAB,
  "a trailer that would frame the message": /\n0+(;[^\r\n]*)?\r\n([^\r\n]+\r\n)*(content-length|transfer-encoding):/i,
  "chunk extensions, of which we drop all": /\n[0-9a-f]+;/i,
};

function explains(reasons: Readonly<Record<string, RegExp>>, text: string): boolean {
  return Object.values(reasons).some((what) => what.test(text));
}

/** Holds both readers to the same message; answers whether there is one. */
function agree(bytes: Uint8Array, method: string): boolean {
  const mine = readResponse(bytes, method);
  const theirs = llhttp.parseResponse(bytes, method);
  const text = Buffer.from(bytes).toString("latin1");
  if (typeof mine === "string") {
    if (typeof theirs !== "string") expect({ mine, why: explains(TOLERATED, text) }).toEqual({ mine, why: true });
    return false;
  }
  if (UNNAMED_INFORMATIONAL.test(text)) return false;
  if (typeof theirs === "string") {
    expect({ theirs, why: explains(REFUSED, text) }).toEqual({ theirs, why: true });
    return false;
  }
  if (TAB.test(text)) return false;
  const fields = theirs.fields.slice(0, mine.fields.length).map(([name, value]) => [name, value.replace(/[ \t]+$/, "")]);
  expect({ status: theirs.status, fields, body: theirs.body, end: theirs.end }).toEqual({
    status: mine.status,
    fields: mine.fields,
    body: mine.body,
    end: mine.end,
  });
  return true;
}

test(
  "llhttp and we take the same responses for the same, but where one of us is stricter for a reason",
  async () => {
    const { runs, found } = await hunt(responseBytes, SHARE, (bytes, cut) =>
      agree(bytes, cut % 2 === 0 ? "GET" : "HEAD") ? 1 : 0,
    );
    expect(found).toBeGreaterThan(runs / 10);
  },
  testTimeoutMs(SHARE),
);

test.each(readCorpus("responses"))("$title ($where)", ({ bytes }) => {
  agree(bytes, "GET");
  agree(bytes, "HEAD");
});

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { ANY, entryPoint, route, TestProxy, Upstream } from "../http1/harness.ts";
import { afterTest } from "../http1/set-up.ts";

/** Where the program is kept: GOBIN=~/.cache/fairway go install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible */
const PROGRAM = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "fairway", "h2spec");
const isThere = existsSync(PROGRAM);
if (!isThere)
  console.warn(
    `SKIPPED: no h2spec in ${PROGRAM} (GOBIN=~/.cache/fairway go install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible)`,
  );

/**
 * Cases that are not as h2spec has them, and why: it tests RFC 7540, which RFC 9113 has replaced, and nghttp2 is strict where either
 * leaves a choice.
 */
const DIFFERENT: Readonly<Record<string, string>> = {
  "Sends invalid connection preface":
    "What is no preface is taken for HTTP/1.1, and answered 400 (RFC 9113 §3.4: a GOAWAY may be left out).",
  "closed: Sends a DATA frame after sending RST_STREAM frame": "RFC 9113 §5.1: what comes on a closed stream may be ignored.",
  "closed: Sends a HEADERS frame after sending RST_STREAM frame": "RFC 9113 §5.1, as above.",
  "closed: Sends a DATA frame": "RFC 9113 §5.1, as above.",
  "closed: Sends a HEADERS frame": "RFC 9113 §5.1, as above.",
  "Sends stream identifier that is numerically smaller than previous":
    "Such a stream counts as closed (RFC 9113 §5.1.1), and as above.",
  "Sends PRIORITY frame that depend on itself":
    "RFC 9113 §5.3.2: there are no priorities any more, and nghttp2 does not look at them.",
  "Sends a PRIORITY frame with 0x0 stream identifier": "nghttp2 does not look at PRIORITY at all.",
  "Sends a PING frame with ACK": "Node takes an answer to a PING that it did not send for an error of the connection.",
  "Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream":
    "RFC 9113 §6.9.1 leaves the choice between an error of the stream and one of the connection, which it is here.",
};

interface Suite {
  readonly passed: number;
  readonly failed: readonly string[];
  readonly summary: string;
}

function h2spec(args: readonly string[]): Promise<Suite> {
  return new Promise((resolve) => {
    execFile(PROGRAM, [...args], { timeout: 120_000, maxBuffer: 1 << 24 }, (_error, stdout) => {
      const text = stripVTControlCharacters(stdout);
      const summary = /\d+ tests, .*/.exec(text)?.[0] ?? text.slice(-2_000);
      const failed = new Set([...text.matchAll(/^\s+× \d+: (.*)$/gm)].map(([, title = ""]) => title.trim()));
      resolve({ passed: Number(/(\d+) passed/.exec(summary)?.[1] ?? 0), failed: [...failed], summary });
    });
  });
}

test.skipIf(!isThere).for(["plaintext", "TLS"] as const)("h2spec over %s", { timeout: 280_000 }, async (transport) => {
  const upstream = await Upstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  afterTest(() => upstream.close());
  const tls = transport === "TLS";
  const proxy = await TestProxy.start({}, [entryPoint("web", { tls }), ...route("app", ANY, [upstream.server])]);
  afterTest(() => proxy.close());
  const to = [...(tls ? ["-t", "-k"] : []), "-p", String(proxy.port())];
  const args = [...to, "-h", "127.0.0.1", "-o", "2"];
  const { passed, failed, summary } = await h2spec(args);
  console.info(`h2spec over ${transport}: ${summary}`);
  const unexpected = failed.filter((title) => DIFFERENT[title] === undefined);
  // It goes by timeouts: on a busy machine a case counts when it fails twice.
  const again = unexpected.length === 0 ? [] : (await h2spec(args)).failed;
  expect(unexpected.filter((title) => again.includes(title))).toEqual([]);
  expect(passed).toBeGreaterThan(130);
});

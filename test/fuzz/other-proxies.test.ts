import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canonicalPath } from "../../src/rules/canonical-path.ts";
import { isMissing } from "../peers/program.ts";
import { Arrangement, type Outcome } from "./arrangement.ts";
import { readCorpus } from "./corpus.ts";
import { hunt, testTimeoutMs } from "./hunt.ts";
import type { Seen } from "./recording-server.ts";
import { connectionBytes, type OwnConnection, readConnection } from "./request-bytes.ts";

const SHARE = 0.25;
const START_TIMEOUT_MS = 60_000;

/** What each refuses of requests that are right: they need not agree on what they want, only on where a request ends. */
const OTHERS = {
  nginx: (request: Seen) => request.method === "TRACE" || !/^[A-Z_-]+$/.test(request.method) || fieldOf(request, "host") === "",
  haproxy: (request: Seen) => fieldOf(request, "upgrade") !== "" && fieldOf(request, "sec-websocket-key").length !== 24,
} as const;

function fieldOf({ fields }: Seen, name: string): string {
  return fields.find(([one]) => one === name)?.[1] ?? "";
}

/** A request but for what each proxy may write as it likes: an authority in the target, and the path's form. */
function essence({ method, target, body }: Seen): string {
  const [path = "", query = ""] = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, "").split(/\?(.*)/s);
  return `${method} ${canonicalPath(path === "" ? "/" : path) ?? path}?${query} ${body}`;
}

/** What is wrong with three views of the same bytes: behind us, behind us and another, behind the other alone. */
function disagreement(
  bytes: Buffer,
  [ours, behind, beside]: readonly Outcome[],
  refuses: (request: Seen) => boolean,
): string | null {
  if (ours === undefined || behind === undefined || beside === undefined) return "somebody does not answer";
  if (ours.unreadable.length > 0 || behind.unreadable.length > 0) return "a server could not read what we sent";
  const passed = ours.seen.filter((request) => !refuses(request)).map(essence);
  if (passed.join("\n") !== behind.seen.map(essence).join("\n")) return "a proxy behind us sees other requests than we send";
  // What another proxy sends, and a server cannot read, is none of our business.
  if (beside.unreadable.length > 0) return null;
  if (!canBe(beside.seen.map(essence), readConnection(bytes), refuses))
    return "another proxy finds other requests in the same bytes";
  return null;
}

/**
 * Whether another proxy that found these requests can have read the same bytes as we do: each of ours but what it refuses, in order, until
 * one of us two reads no further; and nothing where we still waited for the rest of a request.
 */
function canBe(found: readonly string[], ours: OwnConnection, refuses: (request: Seen) => boolean): boolean {
  let at = 0;
  for (const request of ours.requests) {
    if (at === found.length) return true;
    if (found[at] === essence(request)) at++;
    else if (!refuses(request)) return false;
  }
  return at === found.length || ours.end !== "incomplete";
}

describe.each(Object.entries(OTHERS))("%s and we", (name, refuses) => {
  const other = name as keyof typeof OTHERS;
  const arrangements: Arrangement[] = [];

  beforeAll(async () => {
    if (isMissing(other)) return;
    for (const names of [["fairway"], ["fairway", other], [other]] as const) arrangements.push(await Arrangement.start(names));
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    await Promise.all(arrangements.map((arrangement) => arrangement.stop()));
  });

  async function agree(bytes: Buffer, cut: number): Promise<number> {
    const outcomes = await Promise.all(arrangements.map((arrangement) => arrangement.take(bytes, cut)));
    const wrong = disagreement(bytes, outcomes, refuses);
    expect({ wrong, outcomes }).toEqual({ wrong: null, outcomes });
    return outcomes.reduce((sum, { seen }) => sum + seen.length, 0);
  }

  test.skipIf(isMissing(other))(
    "whatever a client sends, in whatever pieces, find the same requests in it",
    async () => {
      const { runs, found } = await hunt(connectionBytes, SHARE, agree);
      expect(found).toBeGreaterThan(runs / 2);
    },
    testTimeoutMs(SHARE),
  );

  test.skipIf(isMissing(other)).each(readCorpus("requests"))("$title ($where)", async ({ bytes }) => {
    for (let cut = 0; cut < bytes.length; cut += Math.ceil(bytes.length / 20)) await agree(bytes, cut);
  });
});

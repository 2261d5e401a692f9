import { type Authority, makeAuthority, notAfterMs } from "./certificate-authority.ts";

const DAY_MS = 86_400_000;

/** How authorities follow one another. All in ms. */
export interface RotationTiming {
  /** How long an authority is valid. */
  readonly lifetimeMs: number;
  /** The next one is made, and published, when the current one is this old. */
  readonly succeedMs: number;
  /** The next one signs only after it has been published for this long: by then every proxy has long had it. */
  readonly overlapMs: number;
  /** How long a server's certificate is valid, and after which time it is renewed. */
  readonly serverLifetimeMs: number;
  readonly serverRenewMs: number;
}

/** A year; half of it alone, a month together with its successor, the rest only for what it has signed. */
export const ROTATION_TIMING: RotationTiming = {
  lifetimeMs: 365 * DAY_MS,
  succeedMs: 180 * DAY_MS,
  overlapMs: 30 * DAY_MS,
  serverLifetimeMs: DAY_MS,
  serverRenewMs: DAY_MS / 3,
};

/** Most authorities that signed once and are still trusted. */
const FORMER_MAX = 4;

/** The authorities of the channel. */
export interface AuthoritySet {
  /** Signs. */
  readonly current: Authority;
  /** Is trusted already and will sign; null as long as the current one is young. */
  readonly next: Authority | null;
  /** Certificates of those that signed before, newest first: trusted until they run out. */
  readonly formerPems: readonly string[];
}

/** The first authority, of an operator that finds none. */
export async function firstAuthorities(nowMs: number, timing: RotationTiming): Promise<AuthoritySet> {
  return { current: await makeAuthority(nowMs, timing.lifetimeMs), next: null, formerPems: [] };
}

/** The authorities as they should be now: the same object when they are. */
export async function advance(set: AuthoritySet, nowMs: number, timing: RotationTiming): Promise<AuthoritySet> {
  const { current, next } = set;
  const formerPems = set.formerPems.filter((pem) => (notAfterMs(pem) ?? 0) > nowMs);
  if (current.notAfterMs - timing.serverLifetimeMs <= nowMs && next === null) {
    // Nobody was there for months: what is still trusted soon is not.
    return { current: await makeAuthority(nowMs, timing.lifetimeMs), next: null, formerPems: former(current, formerPems) };
  }
  if (next !== null && nowMs - next.madeMs >= timing.overlapMs) {
    return { current: next, next: null, formerPems: former(current, formerPems) };
  }
  if (next === null && nowMs - current.madeMs >= timing.succeedMs) {
    return { current, next: await makeAuthority(nowMs, timing.lifetimeMs), formerPems };
  }
  return formerPems.length === set.formerPems.length ? set : { current, next, formerPems };
}

/** What proxies trust, PEM. */
export function bundleOf({ current, next, formerPems }: AuthoritySet): string {
  return [current.certificatePem, ...(next === null ? [] : [next.certificatePem]), ...formerPems].join("");
}

function former({ certificatePem }: Authority, others: readonly string[]): readonly string[] {
  return [certificatePem, ...others].slice(0, FORMER_MAX);
}

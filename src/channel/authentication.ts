import { fail, ok, type Result } from "../kernel/result.ts";
import type { Subscribe } from "./gen/snapshot_pb.ts";

/** Who is at the other end of a stream, as its token proves. */
export interface ProxyIdentity {
  /** For people: `ServiceAccount fairway-system/fairway-proxy`. */
  readonly account: string;
  /** The Pod the token was made for: the only name the proxy may go by. */
  readonly podName: string;
  /** The classes the account may have, as configured now. */
  classes(): readonly string[];
  /** Whether the token is still good; `unknown` when nobody could be asked. Never rejects. */
  recheck(): Promise<"valid" | "invalid" | "unknown">;
}

/** Why a stream is not let in, and whether that may be different in a moment, or only when someone changes something. */
export interface Rejection {
  readonly reason: string;
  readonly comeBack: "soon" | "later";
}

/** Checks the bearer token of a stream ("" when it brought none). Never rejects; answers within a bounded time. */
export type Authenticate = (token: string) => Promise<Result<ProxyIdentity, Rejection>>;

/** The token in an Authorization header (RFC 6750 §2.1); "" when there is none. */
export function bearerToken(authorization: string | null): string {
  return /^Bearer +([\w.~+/-]+=*) *$/i.exec(authorization ?? "")?.[1] ?? "";
}

/**
 * The class a proxy gets, which follows from who it is and not from what it asks for; or why it gets none. Without an identity (nobody
 * checks on a loopback address) it is what it asks for.
 */
export function admittedClass(
  identity: ProxyIdentity | null,
  { class: asked, proxyId }: Pick<Subscribe, "class" | "proxyId">,
): Result<string, string> {
  if (identity === null) return asked === "" ? fail("it names no class") : ok(asked);
  const { account, podName } = identity;
  if (proxyId !== podName) return fail(`the proxy calls itself "${proxyId}", and its token is that of the Pod "${podName}"`);
  const classes = identity.classes();
  if (classes.length === 0) return fail(`the proxies of no class run as ${account}`);
  const [only = ""] = classes;
  if (asked === "")
    return classes.length === 1 ? ok(only) : fail(`${account} has several classes, ${list(classes)}: ask for one`);
  return classes.includes(asked) ? ok(asked) : fail(`${account} has the class ${list(classes)}, and asks for "${asked}"`);
}

function list(classes: readonly string[]): string {
  return classes.map((name) => `"${name}"`).join(", ");
}

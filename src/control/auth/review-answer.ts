import { fail, ok, type Result } from "../../kernel/result.ts";

/** A ServiceAccount, by name. */
export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

/** Whose a good token is. */
export interface Reviewed {
  readonly account: ServiceAccount;
  /** The Pod it was made for. */
  readonly podName: string;
}

/** Where the API server puts the Pod a token is bound to (KEP-1205). */
const POD_NAME_EXTRA = "authentication.kubernetes.io/pod-name";

interface TokenReviewStatus {
  readonly authenticated?: boolean;
  readonly error?: string;
  readonly audiences?: readonly string[];
  readonly user?: { readonly username?: string; readonly extra?: Readonly<Record<string, readonly string[]>> };
}

/** What a TokenReview came to: whose the token is, or why it is none for this audience. */
export function readReview(answer: unknown, audience: string): Result<Reviewed, string> {
  const status = ((answer ?? {}) as { readonly status?: TokenReviewStatus }).status ?? {};
  if (status.authenticated !== true) return fail(`the token is not good: ${status.error || "it is nobody's"}`);
  // An API server that knows no audiences answers none: then nobody has checked whom the token was made for.
  if (!(status.audiences ?? []).includes(audience)) return fail(`the token was not made for the audience ${audience}`);
  const username = status.user?.username ?? "";
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username) ?? [];
  if (namespace === undefined || name === undefined)
    return fail(`the token is that of "${username}", which is no ServiceAccount`);
  const podName = status.user?.extra?.[POD_NAME_EXTRA]?.[0];
  if (podName === undefined) return fail("the token is bound to no Pod: proxies use the one that the kubelet mounts");
  return ok({ account: { namespace, name }, podName });
}

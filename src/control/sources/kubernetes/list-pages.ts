import { ApiError, type ApiObject, type ApiRequest, ApiUnreachable, type KubernetesApi } from "../../api/api.ts";

/** Objects a page: large enough for few round trips, small enough that parsing one holds nobody up for long. */
const PAGE_OBJECTS = 500;

const PAGE_TIMEOUT_MS = 30_000;

/** One page of a list, and the version from which a watch goes on. */
export interface ListPage {
  readonly items: readonly ApiObject[];
  readonly version: string;
}

interface ListAnswer {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly ApiObject[] | null;
}

/**
 * Lists a collection as it is now (a read that goes to the store, not one from a cache that may lag), page by page; the next page is
 * asked for before a page is given out. Rejects as `request` does; a 410 means that the list went stale on the way.
 */
export async function* listPages(
  api: KubernetesApi,
  request: Pick<ApiRequest, "path" | "accept" | "signal">,
  isPaged: boolean,
): AsyncGenerator<ListPage, void> {
  const ask = (token?: string): Promise<ListAnswer> => {
    const query = { ...(isPaged ? { limit: PAGE_OBJECTS } : {}), ...(token === undefined ? {} : { continue: token }) };
    const answer = api.request<ListAnswer>({ ...request, method: "GET", query, timeoutMs: PAGE_TIMEOUT_MS });
    // Whoever gives up reading pages leaves the next one behind.
    answer.catch(() => {});
    return answer;
  };
  let next: Promise<ListAnswer> | null = ask();
  while (next !== null) {
    const { metadata, items }: ListAnswer = await next;
    if (metadata?.resourceVersion === undefined) throw new ApiUnreachable(`${request.path}: the answer is not a list`);
    next = metadata.continue ? ask(metadata.continue) : null;
    yield { items: items ?? [], version: metadata.resourceVersion };
  }
}

/** Whether a list, or a watch, began at something the server has forgotten. */
export function isExpired(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 410 || error.reason === "Expired");
}

import type { Question } from "./fixed-rate-load.ts";
import type { Answer } from "./keep-alive-connection.ts";
import { differs } from "./slot.ts";

function routed(host: string, path: string, server: string, seenPath: string): Question {
  return { host, path, judge: (answer) => differs(answer, server, seenPath) };
}

function status(host: string, path: string, wanted: number): Question {
  const judge = (answer: Answer) => (answer.status === wanted ? null : `wanted ${wanted}, got ${answer.status} ${answer.body}`);
  return { host, path, judge };
}

/** Questions whose answers no change of the run may touch: the demo's own routes, the fallback, and a host nobody has. */
export const STABLE_QUESTIONS: readonly Question[] = [
  routed("shop.localhost", "/", "web", "/"),
  routed("shop.localhost", "/cart", "web", "/cart"),
  routed("shop.localhost", "/api/items", "api", "/items"),
  routed("shop.localhost", "/api/items?version=next", "api-next", "/items?version=next"),
  routed("docs.localhost", "/guide", "docs", "/v1/guide"),
  status("secure.localhost", "/", 302),
  routed("nothing.changes.test", "/x", "web", "/x"),
  status("nobody.example.net", "/", 404),
];

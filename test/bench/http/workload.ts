/** The configuration that every target gets, and the requests that all of them are asked: the same work for each. */
export const ROUTES = 10_000;
export const PREFIXES_PER_HOST = 5;

/** What the middlewares set: one field on the way to the server, one on the way back; a third takes the prefix off. */
export const REQUEST_FIELD = { name: "X-Bench", value: "asked" };
export const RESPONSE_FIELD = { name: "X-Answer", value: "answered" };

/** Paths behind the prefix, and what the upstream does there. */
export const PATHS = {
  /** Answers with `SMALL_BODY_BYTES`. */
  small: "/orders/4711",
  /** Answers with the request as it came. */
  seen: "/seen",
  /** Answers with so many bytes: `/bytes/N`. */
  bytes: "/bytes/",
  /** Reads a body to its end, then answers. */
  put: "/put",
  /** Echoes WebSocket messages. */
  echo: "/echo",
};

/** A service that echoes gRPC messages, on a route of its own without middlewares. */
export const GRPC = { host: "grpc.example.com", prefix: "/bench.Echo/", path: "/bench.Echo/Say" };

export const SMALL_BODY_BYTES = 64;

/** How many routes of all are asked, spread evenly. */
const ASKED_ROUTES = 100;

/** A request's head takes about 660 bytes with these, as browsers send them. */
const REALISTIC_FIELDS = [
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "Accept-Language: en-GB,en;q=0.9,de;q=0.8",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Referer: https://www.example.com/catalogue/machines/pumps",
  "Cookie: session=6f1c0b7e5a9d4e2f8c3b; theme=dark; consent=necessary",
  "Cache-Control: max-age=0",
  "Sec-Fetch-Dest: document",
  "Sec-Fetch-Mode: navigate",
  "Sec-Fetch-Site: same-origin",
  "Upgrade-Insecure-Requests: 1",
];

/** How a request's head is filled: the host alone, or twelve fields. */
export type HeadSize = "small" | "realistic";

/** Host and prefix of the route at a position. */
export function routeAt(index: number): { readonly host: string; readonly prefix: string } {
  return { host: `app-${Math.floor(index / PREFIXES_PER_HOST)}.example.com`, prefix: `/service-${index % PREFIXES_PER_HOST}` };
}

/** Host names of all routes. */
export function hosts(): readonly string[] {
  return Array.from({ length: ROUTES / PREFIXES_PER_HOST }, (_, index) => routeAt(index * PREFIXES_PER_HOST).host);
}

export interface AskedRequest {
  readonly method?: "GET" | "PUT";
  readonly path: string;
  readonly head: HeadSize;
  readonly closes?: boolean;
  readonly bodyBytes?: number;
}

/** The heads of a request to each of the routes that are asked, in the order of asking. */
export function headsOf({ method = "GET", path, head, closes = false, bodyBytes = 0 }: AskedRequest): readonly string[] {
  const more = [
    ...(head === "realistic" ? REALISTIC_FIELDS : []),
    ...(closes ? ["Connection: close"] : []),
    ...(method === "PUT" ? [`Content-Length: ${bodyBytes}`] : []),
  ];
  return Array.from({ length: ASKED_ROUTES }, (_, index) => {
    const { host, prefix } = routeAt(index * (ROUTES / ASKED_ROUTES) + (index % PREFIXES_PER_HOST));
    return [`${method} ${prefix}${path} HTTP/1.1`, `Host: ${host}`, ...more, "", ""].join("\r\n");
  });
}

import { type Cluster, succeeded } from "./cluster.ts";

/** Longest that one request may take, in seconds. */
const ANSWER_SECONDS_MAX = "10";

/** Where the proxies of class fairway are reached. */
export interface CurlTarget {
  readonly address: string;
  readonly http: number;
  readonly https: number;
}

/** What a client got. */
export interface Answer {
  readonly status: number;
  /** By names in lower case; of several fields of one name, the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface ProxyService {
  readonly spec: { readonly ports: readonly { readonly port: number; readonly nodePort?: number }[] };
  readonly status: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] };
  };
}

/** The load balancer of the proxies' Service, else its ports on a node, or on the address in FAIRWAY_TEST_ADDRESS. */
export async function proxyTarget(cluster: Cluster): Promise<CurlTarget> {
  const service = ["get", "service", "fairway-proxy", "--namespace=fairway-system", "--output=json"];
  const { spec, status } = JSON.parse(succeeded(await cluster.kubectl(...service))) as ProxyService;
  const balancer = status.loadBalancer?.ingress?.[0];
  const [web, websecure] = spec.ports;
  if (balancer !== undefined) return target(balancer.ip ?? balancer.hostname, web?.port, websecure?.port);
  const said = process.env.FAIRWAY_TEST_ADDRESS;
  if (said !== undefined) return target(said, web?.nodePort, websecure?.nodePort);
  const path = '{.items[0].status.addresses[?(@.type=="InternalIP")].address}';
  const address = succeeded(await cluster.kubectl("get", "nodes", `--output=jsonpath=${path}`)).split(" ")[0];
  return target(address, web?.nodePort, websecure?.nodePort);
}

function target(address?: string, http?: number, https?: number): CurlTarget {
  if (!address || http === undefined || https === undefined)
    throw new Error("the Service fairway-proxy has no address that can be asked");
  return { address: address.includes(":") ? `[${address}]` : address, http, https };
}

/** Asks with curl: the URL's host and port stay what the request says, the connection goes to the target. Certificates are not checked. */
export async function curl(cluster: Cluster, to: CurlTarget, url: string, args: readonly string[]): Promise<Answer> {
  const port = url.startsWith("https:") ? to.https : to.http;
  const flags = ["--silent", "--show-error", "--insecure", "--include", "--max-time", ANSWER_SECONDS_MAX];
  return answerOf(succeeded(await cluster.exec("curl", ...flags, "--connect-to", `::${to.address}:${port}`, ...args, url)));
}

/** Reads what `curl --include` prints: the heads of interim answers, the head, the body. */
function answerOf(printed: string): Answer {
  const end = printed.indexOf("\r\n\r\n");
  const [statusLine = "", ...fields] = printed.slice(0, end).split("\r\n");
  const status = Number(statusLine.split(" ")[1]);
  const body = printed.slice(end + 4);
  if (status < 200 && status !== 101) return answerOf(body);
  const headers = fields.map((field) => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const;
  });
  return { status, headers: Object.fromEntries(headers), body };
}

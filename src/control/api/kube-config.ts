import { existsSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { homedir } from "node:os";
import { join } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";

/** What the kubelet mounts into every Pod that has a service account. */
const POD_TOKEN_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** What a request needs to know of a kubeconfig, as of now. */
export interface ApiAccess {
  /** The API server: scheme, host and port, and the path before its own, without a slash at its end. */
  readonly origin: string;
  readonly pathPrefix: string;
  /** `Authorization`, and whom to impersonate. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: ApiTls;
  /** An HTTP proxy in between; null for none. */
  readonly proxyUrl: string | null;
}

/** The TLS side of an access, PEM where it is text. */
export interface ApiTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/**
 * The kubeconfig to use: the given file; else the Pod's own service account; else KUBECONFIG or ~/.kube/config. `context` names the
 * context in it; without it, its current one.
 *
 * The library is loaded at the first call, since it takes long. Throws when there is none, or it cannot be read or names no cluster.
 */
export async function loadKubeConfig(file: string | undefined, context?: string): Promise<KubeConfig> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  if (file !== undefined) config.loadFromFile(file);
  else if (process.env.KUBERNETES_SERVICE_HOST && existsSync(POD_TOKEN_FILE)) config.loadFromCluster();
  else if (process.env.KUBECONFIG || existsSync(join(homedir(), ".kube", "config"))) config.loadFromDefault();
  else throw new Error("no cluster is known: not in a Pod, no KUBECONFIG, no ~/.kube/config");
  if (context !== undefined) config.setCurrentContext(context);
  if (config.getCurrentCluster() === null) {
    throw new Error(`the current context ${JSON.stringify(config.getCurrentContext() ?? "")} names no cluster`);
  }
  return config;
}

/** Reads files, runs credential plugins, and so on: whatever the kubeconfig says. Rejects when that fails. */
export async function accessOf(config: KubeConfig): Promise<ApiAccess> {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error("the kubeconfig names no cluster");
  const { protocol, origin, pathname } = new URL(cluster.server);
  if (protocol !== "https:" && protocol !== "http:") throw new Error(`${cluster.server} is not an address of an API server`);
  if (cluster.proxyUrl?.startsWith("socks")) throw new Error("a SOCKS proxy to the API server is not supported");
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return {
    origin,
    pathPrefix: pathname.replace(/\/$/, ""),
    headers: headersOf(options),
    tls: tlsOf(options),
    proxyUrl: cluster.proxyUrl ?? null,
  };
}

function headersOf({ headers, auth }: RequestOptions): Readonly<Record<string, string>> {
  const basic = auth ? { authorization: `Basic ${Buffer.from(auth).toString("base64")}` } : {};
  // A token read from a file ends with a line feed if the file does.
  const given = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value).trim()]);
  return { ...basic, ...Object.fromEntries(given) };
}

function tlsOf(options: RequestOptions): ApiTls {
  const { rejectUnauthorized, servername } = options;
  const pem = (["ca", "cert", "key"] as const).flatMap((name) => (options[name] ? [[name, String(options[name])]] : []));
  return {
    ...Object.fromEntries(pem),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}

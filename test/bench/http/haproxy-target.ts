import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { Child, freePort, hasProgram, PROXY_CORE } from "./children.ts";
import { listening, type Setup, type TargetKind } from "./target.ts";
import { GRPC, REQUEST_FIELD, RESPONSE_FIELD, ROUTES, routeAt } from "./workload.ts";

/** It takes two files for each of them, and does not start where a process may not open so many: 20,000 are common. */
const CONNECTIONS_MAX = 9_950;

/** HAProxy with one thread: routes in a map of prefixes. It has no buffered log file, so its lines go to a ring in memory. */
export const haproxy: TargetKind = {
  name: "haproxy",
  missing: () => (hasProgram("haproxy") ? null : "apt-get install haproxy"),
  start: async (setup) => {
    const [port, tlsPort] = [await freePort(), await freePort()];
    const file = join(setup.folder, "haproxy.cfg");
    const routes = Array.from({ length: ROUTES }, (_, index) => routeAt(index));
    writeFileSync(
      join(setup.folder, "routes.map"),
      routes.map(({ host, prefix }) => `${host}${prefix}/ upstream\n`).join("") + `${GRPC.host}${GRPC.prefix} grpc\n`,
    );
    writeFileSync(file, configuration(setup, port, tlsPort));
    const child = new Child(PROXY_CORE, "haproxy", ["-db", "-f", file]);
    await listening(child, port);
    return { name: "haproxy", version: version(), pid: child.pid, port, tlsPort, stop: () => child.stop() };
  },
};

function version(): string {
  return /version (\S+?)[-+ ]/.exec(spawnSync("haproxy", ["-v"], { encoding: "utf8" }).stdout)?.[1] ?? "";
}

function configuration({ folder, upstreamPort, grpcPort, certificates }: Setup, port: number, tlsPort: number): string {
  return `global
  nbthread 1
  maxconn ${CONNECTIONS_MAX}
  log ring@access local0
  ssl-default-bind-options ssl-min-ver TLSv1.2
  tune.ssl.default-dh-param 2048

ring access
  format raw
  size 1048576
  maxlen 1200

defaults
  mode http
  log global
  option httplog clf
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  timeout tunnel 300s

frontend web
  bind 127.0.0.1:${port} backlog 4096
  bind 127.0.0.1:${tlsPort} backlog 4096 ssl crt ${certificates.bundle} alpn h2,http/1.1
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Port %[ssl_fc,iif(443,80)]
  http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
  http-request set-header X-Forwarded-Server ${hostname()}
  http-request set-header X-Real-Ip %[src]
  use_backend %[base,map_beg(${folder}/routes.map)]

backend upstream
  http-request set-header X-Forwarded-Prefix /%[path,field(2,/)]
  http-request set-path /%[path,field(3,/,0)]
  http-request set-header ${REQUEST_FIELD.name} ${REQUEST_FIELD.value}
  http-response set-header ${RESPONSE_FIELD.name} ${RESPONSE_FIELD.value}
  server one 127.0.0.1:${upstreamPort}

backend grpc
  server one 127.0.0.1:${grpcPort} proto h2
`;
}

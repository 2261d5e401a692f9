import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { Child, freePort, hasProgram, PROXY_CORE } from "./children.ts";
import { listening, type Setup, type TargetKind } from "./target.ts";
import { GRPC, hosts, PREFIXES_PER_HOST, REQUEST_FIELD, RESPONSE_FIELD, routeAt } from "./workload.ts";

/** nginx with one worker: a server block a host, a location a prefix, its buffers as they are by default. */
export const nginx: TargetKind = {
  name: "nginx",
  missing: () => (hasProgram("nginx") ? null : "apt-get install nginx-light"),
  start: async (setup) => {
    const [port, tlsPort] = [await freePort(), await freePort()];
    const file = join(setup.folder, "nginx.conf");
    mkdirSync(join(setup.folder, "temp"));
    writeFileSync(file, configuration(setup, port, tlsPort));
    const child = new Child(PROXY_CORE, "nginx", ["-p", setup.folder, "-c", file, "-e", join(setup.folder, "error.log")]);
    await listening(child, port);
    return { name: "nginx", version: version(), pid: child.pid, port, tlsPort, stop: () => child.stop() };
  },
};

function version(): string {
  return /nginx\/(\S+)/.exec(spawnSync("nginx", ["-v"], { encoding: "utf8" }).stderr)?.[1] ?? "";
}

function configuration({ folder, upstreamPort, grpcPort, certificates }: Setup, port: number, tlsPort: number): string {
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `  ${name}_temp_path ${folder}/temp/${name};`);
  return `${process.getuid?.() === 0 ? "user root;\n" : ""}daemon off;
worker_processes 1;
worker_rlimit_nofile 60000;
pid ${folder}/nginx.pid;
events { worker_connections 25000; }
http {
${temp.join("\n")}
  server_names_hash_max_size 16384;
  server_names_hash_bucket_size 128;
  access_log ${folder}/access.log combined buffer=64k flush=1s;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  client_max_body_size 0;
  map $http_upgrade $connection_field { default upgrade; '' ''; }
  map $scheme $forwarded_port { default 80; https 443; }
${[certificates.ecdsa, certificates.rsa]
  .map(({ certificateFile, keyFile }) => `  ssl_certificate ${certificateFile};\n  ssl_certificate_key ${keyFile};`)
  .join("\n")}
  ssl_protocols TLSv1.2 TLSv1.3;
  upstream upstream {
    server 127.0.0.1:${upstreamPort};
    keepalive 1024;
    keepalive_requests 1000000000;
  }
  upstream grpc {
    server 127.0.0.1:${grpcPort};
    keepalive 1024;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${tlsPort} ssl http2;
    server_name ${GRPC.host};
    location ${GRPC.prefix} { grpc_pass grpc://grpc; }
  }
  proxy_http_version 1.1;
  proxy_pass_header Server;
  proxy_pass_header Date;
${hosts()
  .map((host, index) => serverBlock(host, index, port, tlsPort))
  .join("\n")}
}
`;
}

function serverBlock(host: string, index: number, port: number, tlsPort: number): string {
  const first = index === 0 ? " backlog=4096" : "";
  const listen = `listen 127.0.0.1:${port}${first};\n    listen 127.0.0.1:${tlsPort} ssl http2${first};`;
  const locations = Array.from({ length: PREFIXES_PER_HOST }, (_, at) => {
    const { prefix } = routeAt(index * PREFIXES_PER_HOST + at);
    return `    location ${prefix}/ {
      proxy_pass http://upstream/;
      proxy_set_header X-Forwarded-Prefix ${prefix};
${FORWARDED}
      proxy_set_header ${REQUEST_FIELD.name} "${REQUEST_FIELD.value}";
      add_header ${RESPONSE_FIELD.name} "${RESPONSE_FIELD.value}";
    }`;
  });
  return `  server {\n    ${listen}\n    server_name ${host};\n${locations.join("\n")}\n  }`;
}

/** What every proxy here tells the server of the client. */
const FORWARDED = Object.entries({
  Host: "$host",
  Connection: "$connection_field",
  Upgrade: "$http_upgrade",
  "X-Forwarded-For": "$remote_addr",
  "X-Forwarded-Host": "$host",
  "X-Forwarded-Port": "$forwarded_port",
  "X-Forwarded-Proto": "$scheme",
  "X-Forwarded-Server": hostname(),
  "X-Real-Ip": "$remote_addr",
})
  .map(([name, value]) => `      proxy_set_header ${name} ${value};`)
  .join("\n");

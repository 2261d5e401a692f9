import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, Program, type ProgramName, scratchFolder } from "./program.ts";

/** Another proxy, between its port and one server. */
export interface OtherProxy {
  readonly port: number;
  stop(): Promise<void>;
}

/** How a proxy is started: the configuration it needs, and the command that takes it. */
interface Kind {
  readonly file: string;
  configure(folder: string, port: number, upstreamPort: number): string;
  command(folder: string, file: string): readonly [string, ...string[]];
}

/** What each says of a request is up to it, but for who is asked: `Host` stays as the client sent it. */
const KINDS = {
  nginx: {
    file: "nginx.conf",
    command: (folder, file) => ["nginx", "-p", folder, "-c", file, "-e", "stderr"],
    configure: (folder, port, upstreamPort) => `
daemon off;
master_process off;
worker_processes 1;
pid ${folder}/pid;
events { worker_connections 4096; }
http {
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  access_log off;
  keepalive_requests 1000000;
  client_max_body_size 0;
  map $http_host $host_field { default $http_host; '' nobody.test; }
  map $http_upgrade $connection_field { default upgrade; '' ''; }
  upstream server { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://server;
      proxy_http_version 1.1;
      proxy_ignore_client_abort on;
      proxy_set_header Host $host_field;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_field;
    }
  }
}`,
  },
  haproxy: {
    file: "haproxy.cfg",
    command: (_, file) => ["haproxy", "-db", "-f", file],
    configure: (_, port, upstreamPort) => `
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  timeout tunnel 30s
  option http-keep-alive
  http-reuse safe
  retries 0
frontend web
  bind 127.0.0.1:${port}
  default_backend server
backend server
  server one 127.0.0.1:${upstreamPort}
`,
  },
  caddy: {
    file: "Caddyfile",
    // It keeps the last configuration in the folder of the user.
    command: (folder, file) => ["env", `XDG_CONFIG_HOME=${folder}`, "caddy", "run", "--config", file, "--adapter", "caddyfile"],
    configure: (folder, port, upstreamPort) => `{
  admin off
  auto_https off
  storage file_system ${folder}
}
http://:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${upstreamPort}
}
`,
  },
} as const satisfies Partial<Record<ProgramName, Kind>>;

export type OtherProxyName = keyof typeof KINDS;

/** Starts another proxy of one worker in front of a server of this machine. */
export async function startProxy(name: OtherProxyName, upstreamPort: number): Promise<OtherProxy> {
  const kind: Kind = KINDS[name];
  const folder = scratchFolder(name);
  const port = await freePort();
  const file = join(folder.path, kind.file);
  writeFileSync(file, kind.configure(folder.path, port, upstreamPort));
  const [command, ...args] = kind.command(folder.path, file);
  const program = await Program.start(command, args, port, folder.remove);
  return { port, stop: () => program.stop() };
}

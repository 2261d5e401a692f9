import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of manifests that is written as editors do: aside, then renamed. */
export class ManifestFolder {
  readonly path = mkdtempSync(join(tmpdir(), "fairway-manifests-"));

  write(name: string, text: string): void {
    const aside = join(this.path, `.${name}.new`);
    writeFileSync(aside, text);
    renameSync(aside, join(this.path, name));
  }

  remove(name: string): void {
    rmSync(join(this.path, name));
  }

  delete(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** An IngressRoute that sends a host to a service. */
export function route(host: string, service: string, name = "site"): string {
  return `apiVersion: fairway.dev/v1alpha1
kind: IngressRoute
metadata:
  name: ${name}
spec:
  routes:
    - match: Host(\`${host}\`)
      services:
        - name: ${service}
          port: 80
`;
}

/** A Service and its one server, a port of this machine. */
export function service(name: string, port: number): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  ports:
    - port: 80
      targetPort: ${port}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: ${name}-1
  labels:
    kubernetes.io/service-name: ${name}
addressType: IPv4
ports:
  - port: ${port}
endpoints:
  - addresses: [127.0.0.1]
    conditions:
      ready: true
`;
}

/** An upstream that answers every request with its name, after a pause if asked for. */
export class Upstream {
  readonly #server: Server;
  readonly name: string;

  private constructor(name: string, server: Server) {
    this.name = name;
    this.#server = server;
  }

  static async start(name: string, pauseMs = 0): Promise<Upstream> {
    const server = createServer((_, response) => {
      setTimeout(() => response.end(name), pauseMs);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Upstream(name, server);
  }

  get port(): number {
    return (this.#server.address() as { readonly port: number }).port;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

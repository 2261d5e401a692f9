import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What an echo server tells about the request it got. */
export interface Echo {
  /** Name of the server that answered. */
  readonly server: string;
  readonly method: string;
  /** Request target as it arrived, query included. */
  readonly path: string;
  /** What the Host header says. */
  readonly host: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

export interface EchoServer {
  readonly name: string;
  readonly port: number;
  /** Ends all connections, busy ones too. */
  close(): Promise<void>;
}

/**
 * Starts a small upstream, on loopback unless told otherwise, that answers every request with an `Echo` as JSON. Port 0: one that is
 * free. Rejects when the port is taken.
 */
export async function startEchoServer(name: string, port = 0, host = "127.0.0.1"): Promise<EchoServer> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const { method = "", url = "", headers } = request;
    const body = `${JSON.stringify({ server: name, method, path: url, host: headers.host ?? "", headers }, null, 2)}\n`;
    request.resume();
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "x-powered-by": "an echo server",
    });
    response.end(method === "HEAD" ? undefined : body);
  });
  server.listen(port, host);
  await once(server, "listening");
  return {
    name,
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

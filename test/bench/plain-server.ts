import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";

const ANSWER = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok");

/** Length of every answer's body. */
export const BODY_BYTES = 2;

/** An upstream that costs next to nothing: it answers every chunk that ends a head without reading it. For GETs, one at a time. */
export class PlainServer {
  readonly port: number;
  readonly #server: Server;

  static async start(): Promise<PlainServer> {
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on("data", () => socket.write(ANSWER));
      socket.on("error", () => socket.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new PlainServer(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
  }
}

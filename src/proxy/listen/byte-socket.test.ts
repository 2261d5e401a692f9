import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { connect, createSecureContext, TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { makeDefaultCertificate } from "../supervisor/default-certificate.ts";
import { ByteSocket, type SocketEvents } from "./byte-socket.ts";

const CERTIFICATE = await makeDefaultCertificate(systemClock.now());

/** Does something to each of some TLS connections as soon as its handshake is done; answers how often each `onClose` came. */
async function endAtHandshake(count: number, act: (socket: ByteSocket) => void): Promise<readonly number[]> {
  const secureContext = createSecureContext({ key: CERTIFICATE.keyPem, cert: CERTIFICATE.chainPem });
  const closes: number[] = [];
  const server = createServer({ allowHalfOpen: true }, (tcp) => {
    const index = closes.push(0) - 1;
    const secured = new TLSSocket(tcp, { isServer: true, secureContext });
    secured.on("secure", () => {
      const events: SocketEvents = {
        onBytes: () => true,
        onEnd: () => {},
        onDrain: () => {},
        onClose: () => {
          closes[index] = (closes[index] as number) + 1;
        },
      };
      secured.write(Buffer.alloc(100_000));
      act(ByteSocket.secured(secured, tcp, events));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const clients = Array.from({ length: count }, async () => {
    const client = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    client.on("error", () => {});
    client.resume();
    await new Promise((resolve) => client.once("close", resolve));
  });
  await Promise.all(clients);
  server.close();
  await once(server, "close");
  return closes;
}

test.each<[what: string, act: (socket: ByteSocket) => void]>([
  ["closed", (socket) => socket.destroy()],
  ["cut", (socket) => socket.abort()],
  [
    "cut, and closed right after",
    (socket) => {
      socket.abort();
      socket.destroy();
    },
  ],
  [
    "cut twice, the second time in the next tick",
    (socket) => {
      socket.abort();
      process.nextTick(() => socket.abort());
    },
  ],
])("a TLS connection that is %s while its handshake is told is gone once, and the process lives", async (_, act) => {
  expect(await endAtHandshake(20, act)).toEqual(Array.from({ length: 20 }, () => 1));
});
